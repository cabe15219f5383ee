"""Read wheels with ``readelf`` and ``c++filt`` of binutils, beside the reader that is shipped.

It shares no code with ``fromager_build_tags.wheel``: other tables of names, another parser, and
symbols by their demangled names. A difference between both readers is a mistake in one of them.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zipfile import ZipFile, ZipInfo

from pydantic import BaseModel, ConfigDict

from .catalogue import HERE

RESULTS: Final = HERE / "independent.json"
_CHUNK: Final = 1 << 22

# By the first letters of a library's name, without "lib": whole families, and no single names.
_FAMILIES: Final = {
    "cuda": (
        r"cu(da|dart|blas|dnn|fft|rand|solver|sparse|pti|file|tensor|dss|df|ml|vs|graph|opt|inj|dla"
        r"|statevec)|nccl|nvrtc|nvJit|nvTools|nvidia-|nvinfer|nvjpeg|nvcomp|nvshmem|nvptx|nvvm"
        r"|nvfatbin|nvperf|nvblas|nvcuvid|nvimgcodec|nvtiff|npp[cist]|rmm|kvikio|accinj|pcsampling"
        r"|c10_cuda|torch_cuda"
    ),
    "rocm": (
        r"amdhip|hip(blas|dnn|fft|rand|solver|sparse|tensor|rtc)|roc(blas|fft|rand|solver|sparse|al"
        r"|m_smi|m-core|tx|tracer|profiler|shmem|decode|jpeg)|MIOpen|rccl|hsa-|amd_comgr|amd_smi"
        r"|migraphx|c10_hip|torch_hip"
    ),
    "xpu": r"sycl|ze_loader|ur_(loader|adapter)|mkl_sycl|c10_xpu|torch_xpu",
}
_LIBRARY: Final = {
    stack: re.compile(rf"lib({names})[^/]*\.so") for stack, names in _FAMILIES.items()
}
_SECTION: Final = {"cuda": re.compile(r"\.nv|__nv"), "rocm": re.compile(r"\.hip")}
_MACHINE: Final = {"cuda": "NVIDIA CUDA", "rocm": "AMD GPU"}
_TORCH_LIBRARY: Final = re.compile(r"lib(torch|c10)[\w-]*\.so")
_TEXTS: Final = {
    "cuda": rb"lib(?:cuda|cudart|nvidia-ml|nvrtc)\.so[.\d]*",
    "rocm": rb"lib(?:amdhip64|hiprtc)\.so[.\d]*",
    "xpu": rb"libze_loader\.so[.\d]*",
}
_NEEDED: Final = re.compile(r"\(NEEDED\).*\[(.*)\]")
_SECTION_LINE: Final = re.compile(r"^ +\[ *\d+\] (\S+)", re.MULTILINE)
_SYMBOL: Final = re.compile(
    r"^ +\d+: [0-9a-f]+ +\S+ +\w+ +(?:GLOBAL|WEAK|UNIQUE) +\w+ .*?(\S+) (\S+)$", re.MULTILINE
)
_SPECIAL: Final = re.compile(
    r"^(?:(?:vtable|typeinfo|typeinfo name|VTT|guard variable|reference temporary #\d+) for "
    r"|(?:non-virtual|virtual) thunk to )"
)
_OF_TORCH: Final = re.compile(
    r"(?:c10|at|torch|c10d|caffe2)::|THP[A-Z]"
    r"|pybind11::detail::type_caster<(?:c10|at|torch|c10d|caffe2)::"
)
_STABLE: Final = re.compile(r"(?:aoti_)?torch_\w+")


class Independent(BaseModel):
    """What binutils find in one wheel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wheel: str
    """Its file name."""
    libraries: int
    accelerators: tuple[str, ...]
    """Stacks of which a library is needed, or whose device code is there."""
    carries: tuple[str, ...]
    """Stacks of which it has a library that nothing in it needs."""
    names: tuple[str, ...]
    """Stacks of which a library's name is among its texts: ``dlopen`` may load it."""
    torch: str
    """``none``, ``linked``, ``stable`` or ``unstable``."""
    example: str
    """A symbol of Torch that it imports."""

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks that it needs; if it needs none, those of which it has a library."""
        return self.accelerators or self.carries


@dataclass
class _Seen:
    """What the libraries of a wheel have in sum."""

    libraries: int = 0
    stacks: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    exports: set[str] = field(default_factory=set)


def read_independently(path: Path) -> Independent:
    """Read a wheel; each library is inflated to a file, for ``readelf``, and deleted again."""
    seen = _Seen()
    with ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        for member in archive.infolist():
            if (file := _library(archive, member, Path(folder) / "library", seen)) is not None:
                seen.libraries += 1
                seen.files.add(Path(member.filename).name)
                _read(file, seen)
    outside = seen.imports - seen.exports
    cxx = sorted(_of_torch(name for name in outside if name.startswith(("_Z", "THP"))))
    stable = sorted(name for name in outside if _STABLE.fullmatch(name))
    links = any(_TORCH_LIBRARY.match(name) for name in seen.needed - seen.files)
    stacks = seen.stacks | set(_stacks_of(seen.needed))
    return Independent(
        wheel=path.name,
        libraries=seen.libraries,
        accelerators=tuple(sorted(stacks)),
        carries=tuple(sorted({*_stacks_of(seen.files - seen.needed)})),
        names=tuple(sorted(seen.texts)),
        torch="unstable" if cxx else "stable" if stable else "linked" if links else "none",
        example=(cxx or stable or [""])[0][:100],
    )


def _library(archive: ZipFile, member: ZipInfo, file: Path, seen: _Seen) -> Path | None:
    """Store a member that is an ELF file, and look for the names of libraries in its bytes."""
    with archive.open(member) as stream:
        if (chunk := stream.read(_CHUNK))[:4] != b"\x7fELF":
            return None
        with file.open("wb") as target:
            while chunk:
                seen.texts |= {stack for stack, text in _TEXTS.items() if re.search(text, chunk)}
                target.write(chunk)
                chunk = stream.read(_CHUNK)
    return file


def _read(file: Path, seen: _Seen) -> None:
    text = _output(["readelf", "-hdSW", "--dyn-syms", file.name], cwd=file.parent)
    seen.needed |= {name.rpartition("/")[2] for name in _NEEDED.findall(text)}
    sections = _SECTION_LINE.findall(text)
    for stack, names in _SECTION.items():
        if any(map(names.match, sections)):
            seen.stacks.add(stack)
    head = text[:2000]
    seen.stacks |= {stack for stack, machine in _MACHINE.items() if machine in head}
    for index, name in _SYMBOL.findall(text):
        bare = name.partition("@")[0]
        (seen.imports if index == "UND" else seen.exports).add(bare)


def _stacks_of(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from (stack for stack, library in _LIBRARY.items() if library.match(name))


def _of_torch(symbols: Iterable[str]) -> Iterator[str]:
    """Yield the demangled names of functions and objects that are of Torch's namespaces.

    Not those that only take or return a type of it, such as an instance of ``std::vector``.
    """
    names = sorted(symbols)
    plain = _output(["c++filt"], text="\n".join(names)).splitlines()
    for text in plain:
        qualified = _qualified(_SPECIAL.sub("", text))
        if _OF_TORCH.match(qualified):
            yield qualified


def _qualified(text: str) -> str:
    """Return a function's name without the type that it returns and without its arguments.

    >>> _qualified("std::vector<at::Tensor> at::split<int>(at::Tensor const&)")
    'at::split<int>'
    """
    depth = start = 0
    for at, letter in enumerate(text):
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if depth == 0 and letter == "(" and not text.startswith("(anonymous namespace)", at):
            return text[start:at]
        if depth == 0 and letter == " " and not text.startswith("namespace)", at + 1):
            start = at + 1
    return text[start:]


def _output(command: list[str], *, text: str = "", cwd: Path | None = None) -> str:
    """Return what a tool of binutils prints; it reports damaged files on stderr, and goes on."""
    done = subprocess.run(command, input=text.encode(), cwd=cwd, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")
