"""Small shared libraries, compiled here, and wheels made of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol


class Compiler:
    """gcc, making libraries without libc in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def library(
        self,
        name: str,
        *,
        exports: Iterable[str] = (),
        imports: Iterable[str] = (),
        sections: Iterable[str] = (),
        needs: Iterable[str] = (),
        options: Iterable[str] = (),
    ) -> Path:
        """Compile a library; `needs` are names of libraries made before."""
        target = self.folder / name
        source = target.with_name(f"{name}.c")
        source.write_text(_source(exports, imports, sections))
        command = ["gcc", "-shared", "-fPIC", "-nostdlib", "-Wl,--no-as-needed"]
        links = [str(self.folder / need) for need in needs]
        output = ["-o", str(target), f"-Wl,-soname,{name}", *options]
        subprocess.run([*command, *output, str(source), *links], check=True, timeout=60)
        return target


def _source(exports: Iterable[str], imports: Iterable[str], sections: Iterable[str]) -> str:
    lines = [f'void e{at}(void) __asm__("{name}"); void e{at}(void) {{}}'
             for at, name in enumerate(exports)]  # fmt: skip
    names = list(imports)
    lines += [f'extern void i{at}(void) __asm__("{name}");' for at, name in enumerate(names)]
    calls = " ".join(f"i{at}();" for at, _ in enumerate(names))
    lines.append(f"void call_all(void) {{ {calls} }}")
    lines += [
        f'__attribute__((section("{name}"), used)) static char s{at}[] = "code";'
        for at, name in enumerate(sections)
    ]
    return "\n".join(lines) + "\n"


#: Every Torch exports them: type information, and vtables.
CXX_SYMBOLS = ("_ZTIN3c105ErrorE", "_ZTSN3c105ErrorE", "_ZTVN3c105ErrorE", "_ZTIN5torch7LibraryE")
STABLE_SYMBOLS = ("aoti_torch_get_dim", "torch_call_dispatcher")


METADATA = "Metadata-Version: 2.4\nName: Demo_Pkg\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n"
DIST_INFO = {"demo_pkg-1.0.dist-info/METADATA": METADATA, "demo_pkg-1.0.dist-info/WHEEL": WHEEL}


class MakeWheel(Protocol):
    """Make a wheel of members: text, bytes, or the path of a file."""

    def __call__(self, members: Mapping[str, str | bytes | Path], *, plain: bool = False) -> Path:
        """Add METADATA and WHEEL unless it is to be plain."""
        ...
