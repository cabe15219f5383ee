"""The platform tags against the binaries inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...segment import Order
from ..catalogue import wheel as rules
from ..finding import Finding, Severity
from .examined import Examined, shown

_LINUX: Final = re.compile(r"(?:many|musl)?linux(?:\d+|_\d+_\d+)?_(?P<machine>\w+)")
_MACHINES: Final = {
    "x86_64": "x86_64",
    "i686": "i386",
    "aarch64": "aarch64",
    "armv6l": "arm",
    "armv7l": "arm",
    "ppc64": "ppc64",
    "ppc64le": "ppc64",
    "s390x": "s390",
    "riscv64": "riscv",
    "loongarch64": "loongarch",
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
    device = [proof.member for use in wheel.facts.accelerators for proof in use.proofs]
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
    matches = [_LINUX.fullmatch(tag.platform) for tag in wheel.name.tags]
    wanted = {_MACHINES.get(match["machine"]) for match in matches if match}
    if not wanted or None in wanted:
        return
    foreign = [
        f"{member} is for {host.machine}"
        for host in wheel.facts.hosts
        if host.machine not in wanted | _ANYWHERE
        for member in host.members
    ]
    if foreign:
        mixed = any(host.machine in wanted for host in wheel.facts.hosts)
        yield wheel.finding(
            rules.OTHER_MACHINE,
            f"the name says {_platforms(wheel)}, yet {shown(foreign)}",
            remedy="build it on the machine that it is for, or leave these files out",
            inside=foreign[0].rpartition(" is for ")[0],
            severity=Severity.WARNING if mixed else None,
        )


def _platforms(wheel: Examined) -> str:
    return ".".join(sorted({tag.platform for tag in wheel.name.tags}))
