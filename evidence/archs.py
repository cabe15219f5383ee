"""List the GPU architectures of libraries with other readers, beside the shipped one.

NVIDIA's code is listed by ``cuobjdump`` (in the package ``nvidia-cuda-cuobjdump``, too), AMD's by
``elfgpu`` 0.1.0a1 with ``backports.zstd``. Install them before the command; the tests need neither.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal
from zipfile import ZipFile

from pydantic import BaseModel, ConfigDict

from fromager_build_tags.wheel.facts import read_wheel

from .catalogue import HERE

RESULTS: Final = HERE / "archs.json"
_LISTED: Final = re.compile(r"^(?:ELF|PTX) file .*\bsm_(\d+[af]?)\.(cubin|ptx)$", re.MULTILINE)
_PREFIX: Final = {"cubin": "sm_", "ptx": "compute_"}
#: cuobjdump lists the machine code of a family as that of its first architecture.
_FAMILY: Final = re.compile(r"(?<=sm_)(\d+)f")


class LibraryArchs(BaseModel):
    """The architectures of one library by two readers, each list as a text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shipped: str
    other: str
    by: Literal["cuobjdump", "elfgpu"]
    error: str = ""
    """What the other reader stops with, behind the part that it lists."""

    @property
    def agrees(self) -> bool:
        """Whether both readers find the same, as far as the other one reads."""
        shipped, other = {*_FAMILY.sub(r"\1", self.shipped).split()}, {*self.other.split()}
        return other < shipped if self.error else other == shipped


class WheelArchs(BaseModel):
    """The libraries of one wheel that contain device code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wheel: str
    libraries: dict[str, LibraryArchs]


def read_archs(path: Path) -> WheelArchs:
    """Read a wheel with the shipped reader and with another one."""
    libraries = {}
    facts = read_wheel(path, device_code=True)
    with ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        for member, code in facts.device_code:
            file = Path(folder) / "library.so"
            with archive.open(member) as stream, file.open("wb") as target:
                shutil.copyfileobj(stream, target)
            is_cuda = code.accelerator == "cuda"
            other, error = _cuobjdump(file) if is_cuda else _elfgpu(file)
            libraries[member] = LibraryArchs(
                shipped=" ".join(code.codes),
                other=" ".join(sorted(other)),
                by="cuobjdump" if is_cuda else "elfgpu",
                error=error,
            )
    return WheelArchs(wheel=path.name, libraries=libraries)


def _cuobjdump(file: Path) -> tuple[set[str], str]:
    """Return the codes that it lists, and why it stops: without a kind, it warns and goes on."""
    codes: set[str] = set()
    for option in ("--list-elf", "--list-ptx"):
        done = _run("cuobjdump", option, str(file))
        codes |= {_PREFIX[kind] + code for code, kind in _LISTED.findall(done.stdout)}
        if "fatal" in done.stderr:
            return codes, done.stderr.partition(" in '")[0]
    return codes, ""


def _elfgpu(file: Path) -> tuple[set[str], str]:
    done = _run(sys.executable, "-m", "elfgpu", str(file))
    return {*done.stdout.split()}, done.stderr.partition(": ")[2]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
