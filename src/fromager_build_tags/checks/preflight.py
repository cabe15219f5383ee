"""What a preflight has to say about the machine that is to build."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from importlib import metadata
from typing import Final

from packaging.version import Version

from ..errors import BuildTagError, SettingsError, explain_error
from ..findings import settings_rules as rules
from ..findings.finding import Finding, Severity
from ..plan.planner import plan
from ..settings.declare import read_verify_mode
from .checkup import Checkup

_NEEDED: Final = Version("0.99.0")


def machine(checkup: Checkup) -> Iterator[Finding]:
    """The variant's stack can be told here, as far as the packages need it."""
    yield from fromager(metadata.version("fromager"))
    variant = checkup.tree.variant
    yield from _selected(checkup, variant)
    try:
        read_verify_mode()
    except SettingsError as err:
        yield _unresolved(variant, str(err))
    try:
        stacks = checkup.tree.on(variant).stacks(here=True)
    except BuildTagError as err:
        yield _unresolved(variant, explain_error(err))
        return
    planned = plan(checkup.tree.on(variant), stacks, checkup.wanted)
    errors: dict[str, list[str]] = {}
    for tag in planned:
        if tag.error:
            errors.setdefault(tag.error, []).append(tag.package)
    for error, packages in errors.items():
        yield _unresolved(variant, f"{error} (needed by {', '.join(dict.fromkeys(packages))})")


def _selected(checkup: Checkup, variant: str) -> Iterator[Finding]:
    """The variant that is selected is one that there is; fromager takes any name."""
    known = {*checkup.variant_files, *checkup.changelog_variants}
    if variant in known:
        return
    close = difflib.get_close_matches(variant, known, n=1, cutoff=0.75)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    yield rules.UNKNOWN_VARIANT.finding(
        f"variant {variant!r} is selected, which has neither a file nor a changelog entry{hint}",
        subject=variant,
        remedy="correct --variant or FROMAGER_VARIANT, or give the variant a changelog entry and a "
        "file",
        severity=Severity.ERROR if close else Severity.WARNING,
    )


def fromager(version: str) -> Iterator[Finding]:
    """The hook is known to fromager 0.99 and later."""
    if Version(version) < _NEEDED:
        yield rules.OLD_FROMAGER.finding(
            f"fromager {version} is installed, which knows no wheels.build_tag_hook",
            subject="fromager",
            remedy=f"install fromager {_NEEDED} or later",
        )


def _unresolved(variant: str, message: str) -> Finding:
    return rules.UNRESOLVED_STACK.finding(
        message, subject=variant, remedy="mend it before the build: it would stop after compiling"
    )
