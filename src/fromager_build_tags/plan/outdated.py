"""What makes a lock file out of date: the first differences from what the settings give."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from ..findings import rules
from ..findings.finding import Finding, Place
from ..settings.hook import Hook
from ..stack.key import StackKey, pair
from ..text import first_few
from .locked_tags import ANY, Lock, LockedStack, Row
from .lockfile import format_tag

type _Stacks = Mapping[StackKey, LockedStack]

_REMEDY: Final = "run `fromager-build-tags lock`, and commit the lock with the settings"


def stale_finding(lock: str, what: str, remedy: str = _REMEDY) -> Finding:
    """Return the finding about a lock file that is not that of the settings."""
    return rules.STALE_LOCK.finding(what, subject=lock, remedy=remedy, place=Place(file=lock))


def difference(locked: Lock, given: Lock) -> str:
    """Return the first difference of a lock from the settings, and the number of the others.

    Args:
        locked: the lock. It may contain more rows: packages and versions of a real build.
        given: the lock that the settings give.

    Returns:
        A text such as ``torch_version of cpu changed (2.9.1 → 2.10.0) and 2 more``; "" for none.
    """
    if locked.hook and given.hook and locked.hook != given.hook:
        return hook_difference(locked.hook, given.hook)
    variants = sorted({each.variant for each in (*locked.stacks, *given.stacks)})
    pairs = [(each, locked.of_variant(each), given.of_variant(each)) for each in variants]
    pairs.sort(key=lambda each: not (each[1] and each[2]))  # changed variants before new ones
    of_stacks = [*itertools.chain.from_iterable(itertools.starmap(stack_differences, pairs))]
    return first_few(
        of_stacks or itertools.chain.from_iterable(itertools.starmap(_of_rows, pairs)), 1
    )


def hook_difference(old: Hook, new: Hook) -> str:
    """Return that the hook changed, from what to what."""
    return _changed("the hook", old.text or "none", new.text or "none")


def stack_differences(
    variant: str, old: Collection[StackKey], new: Collection[StackKey]
) -> Iterator[str]:
    """Yield what differs in the stacks of a variant, by the keys of its file."""
    if not (old and new):
        yield f"variant {variant} is {'new' if new else 'gone'}"
        return
    for one, other in pair(old, new):
        if one is None or other is None:
            yield f"stack {one or other} of {variant} is {'new' if one is None else 'gone'}"
        elif one != other:
            yield from _of_facts(variant, one, other)


def _of_facts(variant: str, old: StackKey, new: StackKey) -> Iterator[str]:
    """Yield the facts that differ, by the key that declares them in a variant file."""
    if old.distro != new.distro:
        yield _changed(f"distro of {variant}", old.distro, new.distro)
    if old.accelerator != new.accelerator:
        word = new.accelerator_word
        is_version = word == old.accelerator_word
        name, prefix = (f"{word}_version", word) if is_version else ("accelerator", "")
        texts = (each.accelerator.removeprefix(prefix) for each in (old, new))
        yield _changed(f"{name} of {variant}", *texts)
    if old.torch != new.torch:
        texts = (each.torch.removeprefix("torch") for each in (old, new))
        yield _changed(f"torch_version of {variant}", *texts)


def _of_rows(variant: str, old: _Stacks, new: _Stacks) -> Iterator[str]:
    for key, stack in new.items():
        for row in {**stack.tags, **old[key].tags}:
            before, after = old[key].tag(*row), stack.tag(*row)
            is_open = row not in stack.tags and not after.is_known
            if before != after and not is_open:
                name = f"the build tag of {_name(row)} on {variant}"
                yield _changed(name, format_tag(before), format_tag(after))


def _name(row: Row) -> str:
    package, version = row
    if package == ANY:
        return "every other package"
    return package if version == ANY else f"{package} {version}"


def _changed(name: str, old: str, new: str) -> str:
    return f"{name} changed ({old or 'unknown'} → {new or 'unknown'})"
