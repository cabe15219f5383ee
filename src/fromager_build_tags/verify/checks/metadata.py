"""The name against ``WHEEL``, ``METADATA``, and the libraries that fromager recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from ...findings import rules
from ...findings.finding import Finding, Severity
from ...tag.filename import WheelName
from ...tag.segment import Order, classify
from ...wheel.libraries import accelerator_of, is_torch, stem
from .examined import ExaminedWheel, listed

_LONGEST: Final = 255
_RECORDED: Final = "fromager-elf-requires.txt"


def other_label(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT318: a variant label that is not the accelerator segment; other labels may be free."""
    name = wheel.name
    segment, label = name.segment(Order.ACCELERATOR), name.label
    is_accelerator = bool(name.expected_label) or classify(label) is Order.ACCELERATOR
    if label and is_accelerator and label != name.expected_label:
        has = f"the accelerator segment {segment}" if segment else "no accelerator segment"
        yield wheel.finding(
            rules.OTHER_LABEL,
            f"the name has the variant label {label}, but {has}: installers that know labels "
            "select the wheel for other machines",
            remedy="give it the label of its accelerator segment, or build it for the label",
        )


def build_mismatch(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT321: a build tag in ``WHEEL`` that is not the name's."""
    named, builds = str(wheel.name.build_tag), wheel.facts.builds
    # the number is a number: 08 is 8, as in the parsed name
    if [re.sub(r"^0+(?=\d)", "", each) for each in builds or [""]] == [named]:
        return
    written = f"Build: {listed(each[:_LONGEST] for each in builds)}" if builds else "no Build"
    yield wheel.finding(
        rules.BUILD_MISMATCH,
        f"the name has {f'the build tag {named!r}' if named else 'no build tag'}, but WHEEL has "
        f"{written}",
        remedy="set it with fromager or `wheel tags --build`: both write name and WHEEL",
        # renaming a file leaves WHEEL without Build, and no installer reads the field
        severity=None if builds else Severity.WARNING,
    )


def metadata_mismatch(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT322: a name or version in ``METADATA`` or its folder that is not the file name's."""
    name, facts = wheel.name, wheel.facts
    if (name.name, name.version) != (facts.name, facts.version):
        other, inside = f"METADATA is for {facts.name} {facts.version}", ""
    elif not _is_folder_of(name, facts.dist_info):
        other, inside = f"METADATA is in the folder {facts.dist_info!r}", facts.dist_info
    else:
        return
    yield wheel.finding(
        rules.METADATA_MISMATCH,
        f"the file name is for {name.name} {name.version}, but {other}",
        remedy="build it again: installers reject it",
        inside=inside,
    )


def _is_folder_of(name: WheelName, folder: str) -> bool:
    package, _, version = folder.removesuffix(".dist-info").rpartition("-")
    try:
        return (canonicalize_name(package), Version(version)) == (name.name, name.version)
    except ValueError:  # InvalidVersion, or a number that is too long for int()
        return False


def stale_elf_requires(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT325: a library that fromager recorded, and that nothing needs now."""
    facts = wheel.facts
    used = {each.library for use in facts.accelerators for each in use.evidence}
    needed = {stem(library) for library in (*facts.needed, *used)}
    gone = sorted(
        library
        for library in facts.noted or ()
        if (accelerator_of(library) or is_torch(library)) and stem(library) not in needed
    )
    if gone:
        yield wheel.finding(
            rules.STALE_ELF_REQUIRES,
            f"{_RECORDED} lists {listed(gone)}, but nothing in the wheel needs it",
            remedy="find the step that changed the wheel after fromager had built it",
            inside=_RECORDED,
        )
