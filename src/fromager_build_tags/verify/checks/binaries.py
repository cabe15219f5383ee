"""The binaries in a wheel: against the platform tags, and those that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ...findings import rules
from ...findings.finding import Finding, Severity
from ...tag.platform import parse_linux
from ...tag.segment import Order
from ...wheel.elf_refusal import RefusalReason
from .examined import ExaminedWheel, listed

if TYPE_CHECKING:
    from ...wheel.elf_refusal import ElfRefusal

#: Machine, word size in bits, and whether the byte order is big-endian.
_MACHINES: Final = {
    "x86_64": ("x86_64", 64, False),
    "i686": ("i386", 32, False),
    "aarch64": ("aarch64", 64, False),
    "armv6l": ("arm", 32, False),
    "armv7l": ("arm", 32, False),
    "ppc64": ("ppc64", 64, True),
    "ppc64le": ("ppc64", 64, False),
    "s390x": ("s390", 64, True),
    "riscv64": ("riscv", 64, False),
    "loongarch64": ("loongarch", 64, False),
}
#: Files for another linker, or none: they are not damaged.
_NOT_ELF: Final = {
    RefusalReason.LINKER_SCRIPT,
    RefusalReason.MACH_O,
    RefusalReason.PE,
    RefusalReason.NOT_ELF,
}


def platform_without_binary(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT331: a platform tag, and no binary."""
    if wheel.name.is_platlib and not wheel.facts.libraries and not wheel.facts.refused:
        yield wheel.finding(
            rules.PLATFORM_WITHOUT_BINARY,
            f"the name is for {_platforms(wheel)}, but the wheel contains no binary",
            remedy="build a pure wheel (py3-none-any), which every index can share",
        )


def binary_without_platform(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT332: no platform tag, and a binary; device code alone is a warning."""
    if wheel.name.is_platlib or not wheel.facts.libraries:
        return
    members = [member for host in wheel.facts.hosts for member in host.members]
    device = [each.member for use in wheel.facts.accelerators for each in use.evidence]
    yield wheel.finding(
        rules.BINARY_WITHOUT_PLATFORM,
        "the name is for any platform, but the wheel contains "
        + (listed(members) if members else f"device code: {listed(dict.fromkeys(device))}"),
        remedy="build a platform wheel, whose name can have segments",
        inside=(members or device)[0],
        severity=None if members else Severity.WARNING,
    )


def distribution_on_purelib(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT333: a distribution segment on a wheel for any platform."""
    segment = wheel.name.segment(Order.DISTRIBUTION)
    if segment is not None and not wheel.name.is_platlib:
        yield wheel.finding(
            rules.DISTRIBUTION_ON_PURELIB,
            f"the name is for any platform, but contains {segment}",
            remedy="change the hook to return no segments for wheels for any platform",
        )


def other_machine(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT334: ELF files for a machine that is not that of the platform tags."""
    platforms = [parse_linux(tag.platform) for tag in wheel.name.tags]
    expected = {_MACHINES.get(linux.machine) for linux in platforms if linux}
    if not expected or None in expected:
        return
    # bpf is code for the kernel of any machine
    hosts = [each for each in wheel.facts.hosts if each.machine != "bpf"]
    foreign = [each for each in hosts if (each.machine, each.bits, each.big_endian) not in expected]
    if foreign:
        machines = {each[0] for each in expected if each}
        members = [
            f"{member} is for {host if host.machine in machines else host.machine}"
            for host in foreign
            for member in host.members
        ]
        yield wheel.finding(
            rules.OTHER_MACHINE,
            f"the name is for {_platforms(wheel)}, but {listed(members)}",
            remedy="build it on the right machine, or leave these files out",
            inside=foreign[0].members[0],
            severity=Severity.WARNING if len(foreign) < len(hosts) else None,
        )


def _platforms(wheel: ExaminedWheel) -> str:
    return ".".join(sorted({tag.platform for tag in wheel.name.tags}))


def unreadable(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT342: a file that seems to be a library, and cannot be read."""
    refused = wheel.facts.refused
    foreign = [each for each in refused if each.reason in _NOT_ELF]
    large = [each for each in refused if each.reason is RefusalReason.TOO_LARGE]
    damaged = [each for each in refused if each not in foreign and each not in large]
    for some, remedy, severity in (
        (damaged, "find out how the file got into the wheel: it is damaged", None),
        (large, "report it if the wheel works: published wheels have smaller tables", None),
        (foreign, "nothing to do if they belong there: they are not ELF files", Severity.NOTE),
    ):
        if some:
            yield wheel.finding(
                rules.UNREADABLE_BINARY,
                f"not read: {listed(map(_refused, some))}",
                remedy=remedy,
                inside=some[0].member,
                severity=severity,
            )


def _refused(refusal: ElfRefusal) -> str:
    detail = f": {refusal.detail}" if refusal.reason is RefusalReason.TOO_LARGE else ""
    return f"{refusal.member} ({refusal.reason}{detail})"


def without_sections(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT342: a library whose device code cannot be detected, and no accelerator segment.

    With an accelerator segment, BT312 reports it.
    """
    members = wheel.facts.without_sections
    if members and wheel.accelerator is None:
        yield wheel.finding(
            rules.UNREADABLE_BINARY,
            f"device code cannot be detected without section headers: {listed(members)}",
            remedy="keep the section headers; nothing to do if the files have no device code",
            inside=members[0],
            severity=Severity.NOTE,
        )
