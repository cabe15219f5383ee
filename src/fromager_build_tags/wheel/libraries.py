"""The libraries of one wheel, read together, and the stack that each name belongs to."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from .archive import Member, WheelArchive, WheelError
from .elf import DEVICE_MACHINES, HEADER_SIZE, ElfFacts, read_elf, read_head
from .elf_file import Budget
from .elf_refusal import ElfRefusal
from .symbols import TORCH_NAMES

# flashinfer-cubin has the most, 16,000: a file for each kernel.
_LIBRARIES_LIMIT: Final = 32_768
#: Bytes of a library that is held in memory; a larger one goes to a file on disk.
_IN_MEMORY: Final = 8 << 20
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """One ELF file of a wheel."""

    member: str
    elf: ElfFacts

    @property
    def names(self) -> tuple[str, ...]:
        """The file name, and the ``DT_SONAME`` if there is one."""
        file = PurePosixPath(self.member).name
        return (file, self.elf.soname) if self.elf.soname else (file,)

    @property
    def shows_accelerator(self) -> bool:
        """Whether it needs, is or contains a part of an accelerator's stack."""
        elf = self.elf
        return (
            bool(elf.device_sections)
            or elf.machine in DEVICE_MACHINES
            or any(map(accelerator_of, (*elf.needed, *self.names)))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Every library of a wheel, in the order of the archive."""

    libraries: tuple[Library, ...]
    refused: tuple[ElfRefusal, ...] = ()

    def carried(self) -> frozenset[str]:
        """Return file names and ``DT_SONAME``s, which a ``DT_NEEDED`` may find inside the wheel."""
        return frozenset(name for library in self.libraries for name in library.names)

    def needed_from_outside(self) -> tuple[str, ...]:
        """Return the needed libraries that the wheel does not carry, sorted."""
        needed = {name for library in self.libraries for name in library.elf.needed}
        return tuple(sorted(needed - self.carried()))

    def hosts(self) -> Mapping[str, str]:
        """Return by member ``x86_64`` or the like; ``x86_64 with musl`` if any library needs it."""
        needed = (name for each in self.libraries for name in each.elf.needed)
        libc = " with musl" if any(map(_MUSL.match, needed)) else ""
        return {each.member: each.elf.machine + libc for each in self.libraries}

    def exports(self) -> frozenset[str]:
        """Return what any library of the wheel exports."""
        return frozenset().union(*(library.elf.exports for library in self.libraries))

    def imports_from_outside(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield (member, names that no library of the wheel exports) where there are any."""
        exported = self.exports()
        for library in self.libraries:
            if names := library.elf.imports - exported:
                yield library.member, names


def read_contents(archive: WheelArchive, *, device_code: bool = False) -> Contents:
    """Read every library of a wheel, keeping of the symbols those of Torch.

    They share one budget: what is left of it decides which of them are refused as too large.

    Args:
        archive: an open wheel.
        device_code: whether to read for which GPUs they contain code.

    Raises:
        WheelError: there are more of them than any wheel has, or a member is damaged.
    """
    libraries: list[Library] = []
    refused: list[ElfRefusal] = []
    budget = Budget()
    for number, member in enumerate(archive.libraries()):
        if number >= _LIBRARIES_LIMIT:
            raise WheelError(archive.path, f"it has more than {_LIBRARIES_LIMIT:,} libraries")
        match _read_library(member, budget, device_code=device_code):
            case ElfFacts() as elf:
                libraries.append(library := Library(member=member.name, elf=elf))
                if library.shows_accelerator:
                    budget.texts = 0  # hints are only of use where nothing shows one
            case ElfRefusal() as refusal:
                refused.append(replace(refusal, member=member.name))
    return Contents(libraries=tuple(libraries), refused=tuple(refused))


def _read_library(member: Member, budget: Budget, *, device_code: bool) -> ElfFacts | ElfRefusal:
    """Read a member whose tables may lie anywhere, and which can only be inflated front to back."""
    with member.open() as stream:
        head = stream.read(HEADER_SIZE)
    if (result := read_head(head)) is not None:
        return result
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, prefix="build-tags-") as file:
        with member.open() as stream:
            while chunk := stream.read(_CHUNK):
                try:
                    file.write(chunk)
                except OSError as err:
                    reason = f"its member {member.name!r} cannot be stored ({err.strerror})"
                    raise WheelError(member.path, reason) from None
        return read_elf(file, keep=TORCH_NAMES, budget=budget, device_code=device_code)


class Accelerator(StrEnum):
    """The accelerator stacks that a library's name or its code can belong to."""

    CUDA = "cuda"
    ROCM = "rocm"
    XPU = "xpu"


def stem(name: str) -> str:
    """Return a library's name without version and without the hash that auditwheel puts in.

    >>> stem("libcudart-3eda8113.so.13.0.96"), stem("libcudart.3eda8113.so.13")
    ('libcudart', 'libcudart')
    """
    return _MANGLED.sub("", name.rpartition("/")[2].partition(".so")[0])


def accelerator_of(name: str) -> Accelerator | None:
    """Return the stack that a library belongs to."""
    base = stem(name)
    return next((stack for stack, names in _STACKS.items() if names.fullmatch(base)), None)


def is_offload_plugin(name: str) -> bool:
    """Return whether a library is loaded only by programs that use an accelerator.

    Intel's OpenMP and MPI have such plugins beside libraries that work on any machine.

    >>> [is_offload_plugin(f"{name}.so") for name in ("libomptarget.sycl.wrap", "libiomp5")]
    [True, False]
    """
    return _OFFLOAD_PLUGIN.fullmatch(stem(name)) is not None


def is_torch(name: str) -> bool:
    """Return whether a library is one of libtorch's own."""
    return _TORCH.fullmatch(stem(name)) is not None


_MUSL = re.compile(r"libc\.musl-|ld-musl-")
_MANGLED = re.compile(r"[-.][0-9a-f]{8}(?=$|[-.])")
_TORCH = re.compile(r"libc10(_cuda|_hip|_xpu)?|libtorch(_(cpu|cuda|hip|xpu|python|global_deps))?")

_OFFLOAD_PLUGIN = re.compile(r"libomptarget(\.\w+)*|libmpi_ze_hooks")

# CUDA toolkit, driver, NVIDIA's libraries built per CUDA major (names as in the nvidia-* wheels),
# RAPIDS, which is CUDA's alone; ROCm's as in rocm-libs; oneAPI's runtime for SYCL, Level Zero
# (libccl is not among them: oneCCL has a build for CPUs with the same names).
_STACKS = {
    Accelerator.CUDA: re.compile(
        r"libcuda|libcudart(_static)?|libcudnn(_\w+)?|libcublas(Lt|Mp|mp)?|libcufft(w|Mp)?"
        r"|libcurand|libcusolver(Mg|Mp)?|libcusparse(Lt)?|libcudss\w*|libcutensor(Mg|net)?"
        r"|libcustatevec|libcudensitymat|libcupti|libcufile(_rdma)?|libcudla|libcuinj64"
        r"|libaccinj64|libpcsamplingutil|libnccl|libnvrtc(-builtins)?|libnvJitLink"
        r"|libnvToolsExt|libnvshmem\w*|libnvinfer\w*|libnvonnxparser|libnvjpeg(2k)?|libnvcomp\w*"
        r"|libnpp\w+|libnvidia-(ml|encode|opticalflow|ptxjitcompiler|nvvm\w*)|libnvfatbin"
        r"|libnvptxcompiler|libnvvm|libnvperf\w*|libnvcuvid|libnvimgcodec|libnvtiff|libnvblas"
        r"|libnvrm_gpu|libnvcv\w*|libcvcuda|libnvoptix"
        r"|librmm|libcudf\w*|libcuvs\w*|libcuml\w*(\+\+)?|libcugraph\w*|libkvikio"
        r"|libcuspatial|libwholegraph|libcuopt"
        r"|libc10_cuda|libtorch_cuda\w*"
    ),
    Accelerator.ROCM: re.compile(
        r"libamdhip64|libhip(blas(lt)?|dnn\w*|fft|rand|solver|sparse(lt)?|tensor|rtc(-builtins)?)"
        r"|libroc(alution|blas|decode|fft|jpeg|m-core|rand|solver|sparse|al|tx64|profiler[\w-]*"
        r"|tracer64|m_smi64|shmem)|libMIOpen|librccl|libhsa-runtime64|libhsa-amd-aqlprofile64"
        r"|libamd_comgr|libamd_smi|libmigraphx\w*|libdevice_operations"
        r"|libc10_hip|libtorch_hip"
    ),
    Accelerator.XPU: re.compile(
        r"libsycl|libze_loader|libur_(loader|adapter_\w+)|libmkl_sycl\w*|libc10_xpu|libtorch_xpu"
    ),
}
