"""The name against what is written inside: ``WHEEL``, ``METADATA``, and fromager's notes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...wheel import accelerator_of, is_torch, stem
from ..catalogue import wheel as rules
from ..finding import Finding, Severity
from .examined import Examined, shown


def build_mismatch(wheel: Examined) -> Iterator[Finding]:
    """BT321: another build tag in ``WHEEL`` than in the name."""
    named, builds = wheel.name.build_tag, wheel.facts.builds
    if len(builds) <= 1 and _same_tag(named, builds[0] if builds else ""):
        return
    absent = not builds  # what renaming a file leaves behind; no installer reads the field
    yield wheel.finding(
        rules.BUILD_MISMATCH,
        f"the name's build tag is {named!r}, yet WHEEL has "
        + ("no Build" if absent else f"Build: {', '.join(builds)}"),
        remedy="let fromager, or `wheel tags --build`, set it: they write both",
        severity=Severity.WARNING if absent else None,
    )


def _same_tag(named: str, written: str) -> bool:
    # the number is a number: 08 is 8, as in the name that was taken apart
    return named == re.sub(r"^0+(?=\d)", "", written)


def metadata_mismatch(wheel: Examined) -> Iterator[Finding]:
    """BT322: another name or version in ``METADATA`` than in the name."""
    name, facts = wheel.name, wheel.facts
    if (name.name, name.version) != (facts.name, facts.version):
        yield wheel.finding(
            rules.METADATA_MISMATCH,
            f"the file name says {name.name} {name.version}, "
            f"yet METADATA says {facts.name} {facts.version}",
            remedy="build it again: installers refuse it",
        )


def stale_elf_requires(wheel: Examined) -> Iterator[Finding]:
    """BT325: a library that fromager noted, and that nothing needs now."""
    facts = wheel.facts
    used = {proof.library for use in facts.accelerators for proof in use.proofs}
    now = {stem(library) for library in (*facts.needed, *used)}
    gone = sorted(
        library
        for library in facts.noted or ()
        if (accelerator_of(library) or is_torch(library)) and stem(library) not in now
    )
    if gone:
        yield wheel.finding(
            rules.STALE_ELF_REQUIRES,
            f"fromager-elf-requires.txt says {shown(gone)}, which nothing in the wheel needs",
            remedy="find what changed the wheel after fromager had built it",
            inside="fromager-elf-requires.txt",
        )
