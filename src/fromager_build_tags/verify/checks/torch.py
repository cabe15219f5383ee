"""The Torch segment against the symbols inside, and against what is required."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Severity
from ...wheel import TorchAbi
from .binaries import unread
from .examined import Examined, shown
from .exempted import TORCH

_PREFIX: Final = "torch"


def hidden(wheel: Examined) -> Iterator[Finding]:
    """BT301: tied to Torch's C++ ABI, and no Torch segment."""
    evidence = wheel.facts.torch.cxx_evidence
    if wheel.torch is not None:
        return
    if reason := wheel.declared.facts.get(TORCH):
        yield wheel.untold(rules.HIDDEN_TORCH, "Torch", reason)
    elif evidence and wheel.name.is_platlib:
        yield wheel.finding(
            rules.HIDDEN_TORCH,
            f"the name has no Torch segment, yet {shown(evidence)}",
            remedy=f"{wheel.set_depends_on()}, or build it with Torch's stable ABI",
            inside=evidence[0].member,
        )


def stable(wheel: Examined) -> Iterator[Finding]:
    """BT302: a Torch segment, and only the stable ABI."""
    use = wheel.facts.torch
    if wheel.torch is not None and use.abi is TorchAbi.STABLE:
        yield wheel.finding(
            rules.STABLE_TORCH,
            f"the name says {wheel.torch}, yet the wheel uses Torch's stable ABI alone: "
            f"{shown(use.evidence)}",
            remedy=f"{wheel.set_depends_on()}, so that one wheel serves every Torch",
            inside=use.evidence[0].member,
        )


def none_inside(wheel: Examined) -> Iterator[Finding]:
    """BT303: a Torch segment, and nothing of Torch inside."""
    if wheel.torch is None or wheel.facts.torch.abi is not TorchAbi.NONE:
        return
    missing = unread(wheel.facts)
    yield wheel.finding(
        rules.NO_TORCH_INSIDE,
        f"the name says {wheel.torch}, yet no library in the wheel uses Torch"
        + (f"; not all of it could be read: {shown(missing)}" if missing else ""),
        remedy=f"{wheel.set_depends_on()}; or, if it is tied to Torch in another way, declare it: "
        'build-tags.verify: "torch: REASON"',
        severity=Severity.WARNING if missing else None,
    )


def other_required(wheel: Examined) -> Iterator[Finding]:
    """BT304: a Torch segment that ``Requires-Dist`` excludes."""
    if wheel.torch is None:
        return
    try:
        version = Version(wheel.torch.removeprefix(_PREFIX))
    except ValueError:  # no version, or a number that is too long for int()
        return
    requirements = [Requirement(text) for text in wheel.facts.requires_torch]
    judged = [(each, _admits(each.specifier, version)) for each in requirements]
    excluding = [each for each, admits in judged if not admits]
    conditional = [admits for each, admits in judged if each.marker]
    # of requirements with markers, such as one for each machine, only one may be for this wheel
    if any(each.marker is None for each in excluding) or (conditional and not any(conditional)):
        yield wheel.finding(
            rules.OTHER_TORCH_REQUIRED,
            f"the name says {wheel.torch}, yet METADATA requires {shown(excluding)}",
            remedy="build it against the Torch that it requires, or correct the variant's "
            "torch_version",
        )


def _admits(specifiers: SpecifierSet, version: Version) -> bool:
    try:
        public = SpecifierSet(",".join(str(each).partition("+")[0] for each in specifiers))
        return any(public.contains(each, prereleases=True) for each in _meant_by(version))
    except ValueError:  # such as === and no version, or a number that is too long for int()
        return True


def _meant_by(version: Version) -> Sequence[Version]:
    """Return the releases that ``torch2.10`` can mean; any other segment means one."""
    if len(version.release) > 2:
        return [version]
    return [Version(f"{version.major}.{version.minor}.{patch}") for patch in range(20)]
