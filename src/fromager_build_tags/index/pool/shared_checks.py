"""Checks of the index of all accelerators, before it is written."""

from __future__ import annotations

import collections
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from packaging.version import Version

from ...findings import rules
from ...findings.finding import Finding, Place, Severity
from ...http.prefetch import READERS, prefetch
from ...tag.filename import WheelName, parse_wheel_name
from ...tag.segment import Order, accelerator_word
from ...text import counted, first_few
from ...verify.run import ExemptionsOf, WheelSource, verify_wheel
from ...wheel.archive import WheelError
from ..wheel_variants import UV_PROVIDES, check_relabel, label_of
from .pool import Pool, PooledWheel
from .shared_index import SharedProject, unlisted_reason

#: What makes a wheel wrong for machines without its accelerator.
_HIDDEN: Final = {rules.HIDDEN_ACCELERATOR.code, rules.OTHER_ACCELERATOR.code}
#: One of each has to be left, since installers compare only the spelling of several.
_SINGLE: Final = {Order.DISTRIBUTION: "distributions", Order.TORCH: "releases of Torch"}
_SUBJECT: Final = "(index)"

#: The labels of each accelerator, such as ``cuda``.
type _Families = Mapping[str, frozenset[str]]


def check_shared(
    projects: Sequence[SharedProject], pool: Pool, *, allow_holes: bool
) -> Iterator[Finding]:
    """Yield the findings about the projects of the index, and wheels that it cannot list."""
    families = _families(projects)
    for each in projects:
        yield from _mixed(each)
        yield from _holes(each, families, allow_holes=allow_holes)
        yield from _without_plain(each)
    yield from _unselected(projects)
    for wheel in pool.wheels.values():
        if reason := unlisted_reason(wheel):
            yield rules.UNLABELLED_WHEEL.finding(
                f"not in the index of all accelerators: {reason}",
                subject=wheel.project,
                remedy="install it from the index of a view",
            )


def check_new_wheels(
    wheels: Iterable[tuple[PooledWheel, str]], exemptions_of: ExemptionsOf
) -> Iterator[Finding]:
    """Yield the wheels that cannot be in the index, whatever the others are.

    A plain one uses an accelerator, or another one than its segment; the copy of another cannot be
    made, such as that of a signed wheel.

    Args:
        wheels: each with the path of its file.
        exemptions_of: returns the exemptions of a package.
    """

    def check(each: tuple[PooledWheel, str]) -> Sequence[Finding]:
        wheel, path = each
        name = parse_wheel_name(wheel.filename)
        if label_of(name):
            return list(_uncopied(wheel, path))
        found = verify_wheel(WheelSource(text=path), exemptions_of) if name.is_platlib else ()
        return [each for each in found if each.code in _HIDDEN]

    for found in prefetch(check, wheels, threads=READERS):
        yield from (each for each in found if each.severity is Severity.ERROR)


def _uncopied(wheel: PooledWheel, path: str) -> Iterator[Finding]:
    try:
        check_relabel(pathlib.Path(path))
    except WheelError as err:
        yield rules.UNLABELLED_WHEEL.finding(
            f"{wheel.filename} cannot be copied with a label: {err.reason}",
            subject=wheel.project,
            remedy="build it again, without a signature",
            place=Place(file=path),
            severity=Severity.ERROR,
        )


def _families(projects: Iterable[SharedProject]) -> _Families:
    families: dict[str, set[str]] = {}
    for each in projects:
        for name in each.names:
            if name.label:
                families.setdefault(accelerator_word(name.label), set()).add(name.label)
    return {word: frozenset(labels) for word, labels in families.items()}


def _mixed(project: SharedProject) -> Iterator[Finding]:
    """Yield the labels under which a project has several distributions or releases of Torch."""
    by_label: dict[str, list[WheelName]] = {}
    for name in project.names:
        by_label.setdefault(name.label, []).append(name)
    for label, names in sorted(by_label.items()):
        for order, what in _SINGLE.items():
            examples = {text: each for each in names if (text := each.segment(order))}
            if len(examples) > 1:
                texts = [f"{text} ({examples[text].filename})" for text in sorted(examples)]
                yield rules.MIXED_UNDER_LABEL.finding(
                    f"{project.project} has wheels for several {what} "
                    f"{f'with the label {label}' if label else 'without a label'}: "
                    f"{first_few(texts)}",
                    subject=project.project,
                    remedy="publish one distribution and one Torch in a pool with --variants",
                )


def _newest(project: SharedProject) -> tuple[Version, Sequence[WheelName]]:
    """Return the newest version of a project, without pre-releases if possible, and its wheels."""
    versions = {name.version for name in project.names}
    newest = max([each for each in versions if not each.is_prerelease] or versions)
    return newest, [name for name in project.names if name.version == newest]


def _holes(project: SharedProject, families: _Families, *, allow_holes: bool) -> Iterator[Finding]:
    """Yield the labels that a project lacks of those that other projects have."""
    words = {accelerator_word(name.label) for name in project.names if name.label}
    version, names = _newest(project)
    have = {name.label for name in names}
    for word in sorted(words):
        if missing := sorted(families[word] - have):
            has = sorted(have & families[word])
            yield rules.MISSING_LABEL.finding(
                f"{project.project} {version} has no wheel for {', '.join(missing)}"
                + (f", only for {', '.join(has)}" if has else "")
                + ": a machine for it gets another wheel, and mixes two stacks",
                subject=project.project,
                remedy=f"build it for {', '.join(missing)}, or accept it with --allow-holes",
                severity=Severity.WARNING if allow_holes else Severity.ERROR,
            )


def _without_plain(project: SharedProject) -> Iterator[Finding]:
    version, names = _newest(project)
    labels = sorted({name.label for name in names})
    if labels and "" not in labels:
        yield rules.NO_PLAIN_WHEEL.finding(
            f"{project.project} {version} has wheels for {', '.join(labels)} only: it cannot be "
            "installed by pip, nor on other machines",
            subject=project.project,
            remedy="build it for cpu, too, if it works without an accelerator",
        )


def _unselected(projects: Iterable[SharedProject]) -> Iterator[Finding]:
    counts = collections.Counter(name.label for each in projects for name in each.names)
    labels = [each for each in counts if each and accelerator_word(each) not in UV_PROVIDES]
    if labels:
        number = sum(counts[each] for each in labels)
        yield rules.UNSELECTED_LABEL.finding(
            f"{counted(number, 'wheel')} for {', '.join(sorted(labels))} in the index of all "
            "accelerators: no released installer selects them, such machines get the plain wheel",
            subject=_SUBJECT,
            remedy="install from the index of the view",
        )
