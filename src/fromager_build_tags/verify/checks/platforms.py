"""The platform tags against the binaries inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Severity
from ...tag.platform import parse_linux
from ...tag.segment import Order
from .examined import Examined, shown

if TYPE_CHECKING:
    from ...wheel import HostCode

#: Machine, word size, whether the highest byte comes first.
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
#: Code for the kernel, whatever the machine.
_ANYWHERE: Final = {"bpf"}


def without_binary(wheel: Examined) -> Iterator[Finding]:
    """BT331: a platform tag, and no binary."""
    if wheel.name.is_platlib and not wheel.facts.libraries and not wheel.facts.refused:
        yield wheel.finding(
            rules.PLATFORM_WITHOUT_BINARY,
            f"the name says {_platforms(wheel)}, yet there is no binary inside",
            remedy="build it as a pure wheel (py3-none-any), so that every index can share it",
        )


def binary_without(wheel: Examined) -> Iterator[Finding]:
    """BT332: no platform tag, and a binary; device code alone is a warning."""
    if wheel.name.is_platlib or not wheel.facts.libraries:
        return
    members = [member for host in wheel.facts.hosts for member in host.members]
    device = [each.member for use in wheel.facts.accelerators for each in use.evidence]
    yield wheel.finding(
        rules.BINARY_WITHOUT_PLATFORM,
        "the name is for any platform, yet it holds "
        + (shown(members) if members else f"device code: {shown(dict.fromkeys(device))}"),
        remedy="build it for a platform: its name then tells what it is built for",
        inside=(members or device)[0],
        severity=None if members else Severity.WARNING,
    )


def distribution_on_purelib(wheel: Examined) -> Iterator[Finding]:
    """BT333: a distribution segment on a wheel for any platform."""
    segment = wheel.name.segment(Order.DISTRIBUTION)
    if segment is not None and not wheel.name.is_platlib:
        yield wheel.finding(
            rules.DISTRIBUTION_ON_PURELIB,
            f"the name is for any platform, yet it says {segment}",
            remedy="let the hook give no segment to a wheel for any platform",
        )


def other_machine(wheel: Examined) -> Iterator[Finding]:
    """BT334: ELF files for another machine than the platform tags."""
    platforms = [parse_linux(tag.platform) for tag in wheel.name.tags]
    wanted = {_MACHINES.get(linux.machine) for linux in platforms if linux}
    if not wanted or None in wanted:
        return
    foreign = [
        host
        for host in wheel.facts.hosts
        if _kind(host) not in wanted and host.machine not in _ANYWHERE
    ]
    if foreign:
        machines = {each[0] for each in wanted if each}
        members = [
            f"{member} is for {host if host.machine in machines else host.machine}"
            for host in foreign
            for member in host.members
        ]
        mixed = any(_kind(host) in wanted for host in wheel.facts.hosts)
        yield wheel.finding(
            rules.OTHER_MACHINE,
            f"the name says {_platforms(wheel)}, yet {shown(members)}",
            remedy="build it on the machine that it is for, or leave these files out",
            inside=foreign[0].members[0],
            severity=Severity.WARNING if mixed else None,
        )


def _kind(host: HostCode) -> tuple[str, int, bool]:
    return host.machine, host.bits, host.big_endian


def _platforms(wheel: Examined) -> str:
    return ".".join(sorted({tag.platform for tag in wheel.name.tags}))
