"""The Torch segment against symbols in the wheel, and against its requirements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Severity
from ...wheel.evidence import TorchAbi
from ..exemptions import TORCH
from .examined import ExaminedWheel, listed


def hidden(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT301: use of Torch's C++ ABI, and no Torch segment."""
    evidence = wheel.facts.torch.cxx_evidence
    if wheel.torch is not None:
        return
    if reason := wheel.exemptions.dependencies.get(TORCH):
        yield wheel.missing_segment(rules.HIDDEN_TORCH, "Torch", reason)
    elif evidence and wheel.name.is_platlib:
        yield wheel.finding(
            rules.HIDDEN_TORCH,
            f"the name has no Torch segment, but {listed(evidence)}",
            remedy=f"{wheel.set_depends_on()}, or build it with Torch's stable ABI",
            inside=evidence[0].member,
        )


def stable(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT302: a Torch segment, and use of the stable ABI only."""
    use = wheel.facts.torch
    if wheel.torch is not None and use.abi is TorchAbi.STABLE:
        yield wheel.finding(
            rules.STABLE_TORCH,
            f"the name contains {wheel.torch}, but the wheel uses only Torch's stable ABI: "
            f"{listed(use.evidence)}",
            remedy=f"{wheel.set_depends_on()}: one wheel then serves every Torch",
            inside=use.evidence[0].member,
        )


def none_inside(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT303: a Torch segment, and no use of Torch in the wheel."""
    if wheel.torch is None or wheel.facts.torch.abi is not TorchAbi.NONE:
        return
    unread = wheel.unread
    yield wheel.finding(
        rules.NO_TORCH_INSIDE,
        f"the name contains {wheel.torch}, but no library in the wheel uses Torch"
        + (f"; not completely read: {listed(unread)}" if unread else ""),
        remedy=f"{wheel.set_depends_on()}; if it depends on Torch in another way, declare it: "
        'build-tags.verify: "torch: REASON"',
        severity=Severity.WARNING if unread else None,
    )


def other_required(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT304: a Torch segment that ``Requires-Dist`` excludes."""
    if wheel.torch is None:
        return
    try:
        version = Version(wheel.torch.removeprefix("torch"))
    except ValueError:  # no version, or a number that is too long for int()
        return
    requirements = [Requirement(text) for text in wheel.facts.requires_torch]
    compared = [(each, _admits(each.specifier, version)) for each in requirements]
    excluding = [each for each, admits in compared if not admits]
    conditional = [admits for each, admits in compared if each.marker]
    # of requirements with markers, such as one for each machine, only one may be for this wheel
    if any(each.marker is None for each in excluding) or (conditional and not any(conditional)):
        yield wheel.finding(
            rules.OTHER_TORCH_REQUIRED,
            f"the name contains {wheel.torch}, but METADATA requires {listed(excluding)}",
            remedy="build it against the required Torch, or correct torch_version of the variant",
        )


def _admits(specifiers: SpecifierSet, version: Version) -> bool:
    try:
        public = SpecifierSet(",".join(str(each).partition("+")[0] for each in specifiers))
        return any(public.contains(each, prereleases=True) for each in _releases(version))
    except ValueError:  # such as === and no version, or a number that is too long for int()
        return True


def _releases(version: Version) -> Sequence[Version]:
    """Return the releases that ``torch2.10`` stands for; any other segment stands for one."""
    if len(version.release) > 2:
        return [version]
    return [Version(f"{version.major}.{version.minor}.{patch}") for patch in range(20)]
