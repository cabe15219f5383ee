"""Build tags and locked stacks from texts, as a lock file spells them."""

from __future__ import annotations

from collections.abc import Mapping

from fromager_build_tags.plan.locked_tags import LockedStack, Row
from fromager_build_tags.plan.lockfile import format_tag
from fromager_build_tags.review.change import Change
from fromager_build_tags.stack.key import StackKey
from fromager_build_tags.tag.build_tag import BuildTag


def build_tag(text: str) -> BuildTag:
    return BuildTag.parse("" if text == "-" else text)


def tag_or_none(text: str) -> BuildTag | None:
    """Return a build tag; None for "": there is no stack."""
    return build_tag(text) if text else None


def before_and_after(change: Change) -> tuple[str, str]:
    before, after = (
        "" if each is None else format_tag(each) for each in (change.before, change.after)
    )
    return before, after


def locked_stack(variant: str, key: str, tags: Mapping[Row, str]) -> LockedStack:
    parsed = {row: build_tag(text) for row, text in tags.items()}
    return LockedStack(variant=variant, key=StackKey.parse(key), tags=parsed)
