"""The accelerator and Torch segments against libraries, symbols and device code in the wheel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...findings import rules
from ...findings.finding import Finding, Severity
from ...tag.contents import excludes
from ...tag.expression import Need
from ...tag.segment import Order, accelerator_word
from ...wheel.evidence import Evidence, TorchAbi
from ...wheel.libraries import Accelerator
from ...wheel.sonames import majors_of
from ...wheel.torch.torch_loads import short
from ..exemptions import ACCELERATOR, TORCH
from .examined import ACCELERATORS, ExaminedWheel, listed
from .required import named_torch


def hidden_torch(wheel: ExaminedWheel) -> Iterator[Finding]:
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


def stable_torch(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT302: a Torch segment, and use of the stable ABI only, from the lowest Torch on."""
    use = wheel.facts.torch
    if wheel.torch is not None and use.abi is TorchAbi.STABLE and _loads_with_lowest(wheel):
        minimum = wheel.loads.minimum if wheel.loads else None
        yield wheel.finding(
            rules.STABLE_TORCH,
            f"the name contains {wheel.torch}, but the wheel uses only Torch's stable ABI: "
            f"{listed(use.evidence)}",
            remedy=f"{wheel.set_depends_on()}: one wheel then serves every Torch"
            + (f" from {short(minimum)} on" if minimum else ""),
            inside=use.evidence[0].member,
        )


def _loads_with_lowest(wheel: ExaminedWheel) -> bool:
    """Return whether it loads with the lowest Torch of the settings, else with the segment's."""
    declared = wheel.exemptions.lowest_torch()
    lowest = declared.version if declared else named_torch(wheel)
    return not excludes(wheel.facts, wheel.loads, lowest)


def no_torch_inside(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT303: a Torch segment, and no use of Torch in the wheel."""
    if wheel.torch is not None and wheel.facts.torch.abi is TorchAbi.NONE:
        unread = wheel.unread
        yield wheel.finding(
            rules.NO_TORCH_INSIDE,
            f"the name contains {wheel.torch}, but no library in the wheel uses Torch"
            + (f"; not completely read: {listed(unread)}" if unread else ""),
            remedy=f"{wheel.set_depends_on()}; if it depends on Torch in another way, declare it: "
            'build-tags.verify: "torch: REASON"',
            severity=Severity.WARNING if unread else None,
        )


def hidden_accelerator(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT311: an accelerator in the wheel, and no accelerator segment."""
    if wheel.accelerator is not None:
        return
    if reason := wheel.exemptions.dependencies.get(ACCELERATOR):
        yield wheel.missing_segment(rules.HIDDEN_ACCELERATOR, "an accelerator", reason)
    elif wheel.facts.uses and wheel.name.is_platlib:
        declare = (
            '; if it works with any accelerator, declare it: build-tags.verify: "BT311: REASON"'
        )
        yield wheel.finding(
            rules.HIDDEN_ACCELERATOR,
            f"the name has no accelerator segment, but {listed(_evidence(wheel))}",
            remedy=f"{wheel.set_depends_on(Need.ACCELERATOR)}, or build it without {_names(wheel)}"
            + (declare if wheel.facts.is_incidental else ""),
            inside=wheel.facts.uses[0].evidence[0].member,
            severity=Severity.WARNING if wheel.facts.is_incidental else None,
        )


def no_accelerator_inside(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT312: an accelerator segment, and no accelerator in the wheel."""
    segment = wheel.name.segment(Order.ACCELERATOR)
    if segment is None or accelerator_word(segment) not in ACCELERATORS or wheel.facts.uses:
        return
    word, unread = accelerator_word(segment), [*wheel.unread, *wheel.facts.without_sections]
    hints = [each for use in wheel.facts.hints if use.accelerator == word for each in use.evidence]
    yield wheel.finding(
        rules.NO_ACCELERATOR_INSIDE,
        f"the name contains {segment}, but no library in the wheel needs a library of {word} or "
        "contains device code"
        + (f"; not completely read: {listed(unread)}" if unread else "")
        + (f"; it may load one at run time: {listed(hints)}" if hints else ""),
        remedy=f"{wheel.set_depends_on()}, or build it for {segment}; if it compiles its "
        "kernels at run time or loads them with dlopen, declare it: "
        'build-tags.verify: "accelerator: REASON"',
        severity=Severity.WARNING if unread or hints else None,
    )


def hinted_accelerator(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT311: no accelerator segment, and texts that only hint at an accelerator."""
    hints = [each for use in wheel.facts.hints for each in use.evidence]
    declared = wheel.exemptions.dependencies.get(ACCELERATOR)
    if hints and wheel.accelerator is None and not declared and wheel.name.is_platlib:
        yield wheel.finding(
            rules.HIDDEN_ACCELERATOR,
            f"the name has no accelerator segment, and the wheel may load an accelerator's library "
            f"at run time: {listed(hints)}",
            remedy="nothing to do if it works without; else declare it: "
            'build-tags.verify: "accelerator: REASON"',
            inside=hints[0].member,
            severity=Severity.NOTE,
        )


def other_accelerator(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT313: an accelerator in the wheel that is not the segment's."""
    segment = wheel.accelerator
    if segment is None or not wheel.facts.uses:
        return
    named = ACCELERATORS.get(accelerator_word(segment))
    if all(use.accelerator is not named for use in wheel.facts.uses):
        yield wheel.finding(
            rules.OTHER_ACCELERATOR,
            f"the name contains {segment}, but {listed(_evidence(wheel))}",
            remedy=f"build it on a variant for {_names(wheel)}, or without {_names(wheel)}",
            inside=wheel.facts.uses[0].evidence[0].member,
            severity=Severity.WARNING if named is None and wheel.facts.is_incidental else None,
        )


def other_major(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT314: libraries of a major version that is not the segment's, or another ROCm's code."""
    word, (major, *_) = wheel.accelerator_version or ("", [0])
    versioned = [
        (majors, each)
        for use in (*wheel.facts.accelerators, *wheel.facts.carried)
        if use.accelerator.value == word
        for each in use.evidence
        if (majors := majors_of(each.library))
    ]
    others = [each for majors, each in versioned if major not in majors]
    if not others:
        yield from _other_rocm(wheel)
        return
    wrong = {each for majors, _ in versioned if major not in majors for each in majors}
    # a soname of several majors, such as libcusparse.so.12, can belong to the others
    is_mixed = any(major in majors and wrong.isdisjoint(majors) for majors, _ in versioned)
    yield wheel.finding(
        rules.OTHER_MAJOR,
        f"the name contains {wheel.accelerator}, but {listed(others)}"
        + (f"; other libraries belong to {word} {major}" if is_mixed else ""),
        remedy=f"build it with {word} {major} only, or correct the {word} version of the variant",
        inside=others[0].member,
        severity=Severity.WARNING if is_mixed or wheel.facts.is_incidental else None,
    )


def _other_rocm(wheel: ExaminedWheel) -> Iterator[Finding]:
    """Compare the releases that compiled it; another minor version is a warning."""
    word, named = wheel.accelerator_version or ("", [])
    compiled = [(list(version.release[:2]), each) for version, each in wheel.facts.rocm]
    others = [(release, each) for release, each in compiled if release != named[:2]]
    if word == Accelerator.ROCM and len(named) > 1 and others:
        is_other_major = all(release[0] != named[0] for release, _ in compiled)
        yield wheel.finding(
            rules.OTHER_MAJOR,
            f"the name contains {wheel.accelerator}, but {listed(each for _, each in others)}",
            remedy="build it with that ROCm, or correct the rocm version of the variant",
            inside=others[0][1].member,
            severity=None if is_other_major else Severity.WARNING,
        )


def several_accelerators(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT315: more than one accelerator in the wheel."""
    uses = wheel.facts.accelerators
    if len(uses) > 1:
        yield wheel.finding(
            rules.SEVERAL_ACCELERATORS,
            f"the wheel uses {_names(wheel)}: {listed(use.evidence[0] for use in uses)}",
            remedy="build it for one accelerator: a build tag has one accelerator segment",
            inside=uses[1].evidence[0].member,
        )


def _evidence(wheel: ExaminedWheel) -> Sequence[Evidence]:
    return [each for use in wheel.facts.uses for each in use.evidence]


def _names(wheel: ExaminedWheel) -> str:
    return " and ".join(use.accelerator.value for use in wheel.facts.uses)
