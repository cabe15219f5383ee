"""What a review has to say about its two sides: a stale lock, settings that are not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from ..errors import SettingsError, StackError, explain_error
from ..findings import review_rules as rules
from ..findings.finding import Finding, Place
from ..stack.key import StackKey
from .causes import Cause
from .declarations import changed_variants
from .snapshot import Side

_LOCK: Final = "run `fromager-build-tags lock`, and commit the lock with the settings"


def stale_lock(known: Sequence[Cause], new: Side) -> Iterator[Finding]:
    """A lock that is the same on both sides, while settings give other tags than it has.

    It may have more: the packages and versions of a real build.
    """
    if new.lock is None or not new.has_settings:
        return
    lock = new.layout.lock_file.as_posix()
    given = new.evaluate(use_lock=False)
    if given.broken:
        yield _no_lock(lock, "; ".join(each.message for each in given.broken))
    elif not given.lock.is_part_of(new.lock):
        yield rules.STALE_LOCK.finding(
            f"the lock is the same on both sides, yet {known[0]} changed",
            subject=lock,
            remedy=_LOCK,
            place=Place(file=lock),
        )


def _no_lock(lock: str, why: str) -> Finding:
    return rules.STALE_LOCK.finding(
        f"no lock can be made of these settings: {why}",
        subject=lock,
        remedy="mend the file, then run `fromager-build-tags lock`",
        place=Place(file=lock),
    )


def stale_headings(old: Side, new: Side) -> Iterator[Finding]:
    """A lock may have changed, and still not be what the changed variant files say."""
    if old.lock is None or new.lock is None or not (old.has_settings and new.has_settings):
        return
    lock = new.layout.lock_file.as_posix()
    try:
        for variant, file in changed_variants(old, new).items():
            from .written import headings_of  # with all that makes a stack

            said = headings_of(variant, file)
            found = {stack.key for stack in new.lock.of_variant(variant)}
            if said != found and (found or file.path.as_posix() in new.files):
                yield rules.STALE_LOCK.finding(
                    f"{file.path} gives {_stacks(said)}, yet the lock has {_stacks(found)} of "
                    f"{variant}",
                    subject=lock,
                    remedy=_LOCK,
                    place=Place(file=lock),
                )
    except (SettingsError, StackError) as err:
        yield _no_lock(lock, explain_error(err))


def _stacks(keys: Collection[StackKey]) -> str:
    return ", ".join(repr(each) for each in sorted(map(str, keys))) or "no stack"


def without_settings(old: Side, new: Side) -> Iterator[Finding]:
    """Where one side has no settings, a review is silent: nothing that is new loses."""
    for side, counts in ((old, "new"), (new, "gone")):
        if side.lock is None and not side.has_settings:
            layout = side.layout
            yield rules.WITHOUT_SETTINGS.finding(
                f"{side.name} has no settings at {layout.settings_file} and "
                f"{layout.settings_dir}: everything counts as {counts}",
                subject=side.name,
                remedy="nothing, if that is meant; if they were moved, check the other revision "
                "out beside this one, and compare the two folders",
            )
