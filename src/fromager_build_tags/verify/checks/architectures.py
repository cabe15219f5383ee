"""The device code of each library against the GPU architectures that the stack declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ...findings import rules
from ...findings.finding import Finding, Severity
from ...stack.gpu_arch import not_covered
from ...text import first_few
from .examined import ExaminedWheel

if TYPE_CHECKING:
    from ...stack.gpu_arch import GpuArch
    from ...wheel.device.device_code import DeviceCode

#: How many names a message has.
_MOST: Final = 15
#: The variables of a build that list architectures, and a program that lists those of a library.
_LISTED_IN: Final = {
    "cuda": "TORCH_CUDA_ARCH_LIST or CMAKE_CUDA_ARCHITECTURES",
    "rocm": "PYTORCH_ROCM_ARCH or CMAKE_HIP_ARCHITECTURES",
}
_LISTED_BY: Final = {"cuda": "cuobjdump --list-elf", "rocm": "llvm-objdump --offloading"}
_DECLARE: Final = 'if it works without, declare it: build-tags.verify: "BT317: REASON"'


def missing_arch(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT317: a library with device code, and none that a declared GPU runs."""
    for member, code in wheel.facts.device_code:
        archs = [each for each in wheel.gpu_archs if each.accelerator == code.accelerator]
        missing = not_covered(archs, code.codes)
        if missing and code.unknown:
            yield _unknown(wheel, member, code, missing)
        elif missing and code.codes:
            yield wheel.finding(
                rules.MISSING_ARCH,
                f"{member} has no code for {_few(missing)} of gpu_archs: it has {_few(code.codes)}",
                remedy=f"add them to {_LISTED_IN[code.accelerator]} of the build, or remove them "
                f"from gpu_archs; {_DECLARE}",
                inside=member,
            )


def _unknown(
    wheel: ExaminedWheel, member: str, code: DeviceCode, missing: Sequence[GpuArch]
) -> Finding:
    found = f"; it has {_few(code.codes)}" if code.codes else ""
    return wheel.finding(
        rules.MISSING_ARCH,
        f"whether {member} has code for {_few(missing)} of gpu_archs is unknown: "
        f"{code.unknown}{found}",
        remedy=f"list its architectures with {_LISTED_BY[code.accelerator]}",
        inside=member,
        severity=Severity.NOTE,
    )


def _few(names: Sequence[object]) -> str:
    return first_few(names, _MOST)
