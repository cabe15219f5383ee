"""The two stacks of the README's tables, and the expected names of their wheels."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .standins import StandIn

FLASH_ATTN: Final = StandIn(name="flash-attn", version="2.8.3", requires=("torch",))
PILLOW: Final = StandIn(name="pillow", version="12.2.0")
FROMAGER: Final = StandIn(name="fromager", version="0.79.0", extension=False)


def platlib(stem: str) -> str:
    """Return the file name of a wheel that this interpreter compiles on this machine."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"{stem}-{python}-{python}{sys.abiflags}-{platform}.whl"


def purelib(stem: str) -> str:
    """Return the file name of a pure-Python wheel."""
    return f"{stem}-py3-none-any.whl"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleStack:
    """A stack, the packages to build on it, and the build tag of each.

    Attributes:
        variant: its name in fromager.
        distro: what its file declares; the tests set it as the machine's, too.
        torch: the stand-in for Torch.
        build_tags: by requirement name.
    """

    variant: str
    distro: str
    torch: StandIn
    build_tags: Mapping[str, str] = field(hash=False)

    @property
    def stand_ins(self) -> tuple[StandIn, ...]:
        """The packages, Torch first."""
        return (self.torch, FLASH_ATTN, PILLOW, FROMAGER)

    @property
    def requirements(self) -> list[str]:
        """The packages, pinned."""
        return [f"{each.name}=={each.version}" for each in self.stand_ins]

    @property
    def wheel_names(self) -> set[str]:
        """The exact file names of all wheels."""
        return {self.wheel_name(stand_in) for stand_in in self.stand_ins}

    def wheel_name(self, stand_in: StandIn) -> str:
        """Return the exact file name of the wheel of *stand_in*."""
        tag = self.build_tags[stand_in.name]
        stem = f"{stand_in.import_name}-{stand_in.version}-{tag}"
        return platlib(stem) if stand_in.extension else purelib(stem)


ROCM: Final = ExampleStack(
    variant="rocm",
    distro="el9.6",
    torch=StandIn(name="torch", version="2.10.0"),
    build_tags={
        "torch": "7_el9.6_rocm7.1",
        "flash-attn": "8_el9.6_rocm7.1_torch2.10.0",
        "pillow": "2_el9.6",
        "fromager": "2",
    },
)
CUDA: Final = ExampleStack(
    variant="cuda",
    distro="fc43",
    torch=StandIn(name="torch", version="2.9.1"),
    build_tags={
        "torch": "8_fc43_cuda13.0",
        "flash-attn": "8_fc43_cuda13.0_torch2.9.1",
        "pillow": "2_fc43",
        "fromager": "2",
    },
)
#: A third stack, for tests of several indexes.
CPU: Final = ExampleStack(
    variant="cpu",
    distro="el9.6",
    torch=StandIn(name="torch", version="2.10.0"),
    build_tags={
        "torch": "7_el9.6_cpu",
        "flash-attn": "8_el9.6_cpu_torch2.10.0",
        "pillow": "2_el9.6",
        "fromager": "2",
    },
)
STACKS: Final = (ROCM, CUDA)
ALL_STACKS: Final = (*STACKS, CPU)
