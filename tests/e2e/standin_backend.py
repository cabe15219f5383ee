"""The PEP 517 backend inside the stand-in sdists: no requirements, a second a wheel.

``[tool.standin] extension = true`` compiles ``_native.c`` into a platlib wheel; without it the
wheel is purelib. Every wheel that is truly built leaves a line in the file ``STANDIN_LOG``.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
import shlex
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from typing import Any

type Settings = dict[str, Any] | None


def build_wheel(directory: str, config: Settings = None, metadata: str | None = None) -> str:
    """Write the wheel of the sdist in the current folder."""
    pyproject = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    name = project["name"].replace("-", "_")
    extension = pyproject["tool"]["standin"]["extension"]
    links = pyproject["tool"]["standin"]["links"]
    tag = _platlib_tag() if extension else "py3-none-any"
    files = {
        f"{name}/__init__.py": pathlib.Path("__init__.py").read_bytes(),
        **({f"{name}/_native.so": _compile(links)} if extension else {}),
        **_dist_info(project, name, tag, purelib=not extension),
    }
    wheel = f"{name}-{project['version']}-{tag}.whl"
    _write_wheel(pathlib.Path(directory) / wheel, files)
    _log(f"{name} {project['version']}")
    return wheel


def build_sdist(directory: str, config: Settings = None) -> str:
    """Refuse: fromager packs the source tree itself."""
    raise NotImplementedError


def _platlib_tag() -> str:
    interpreter = f"cp{sys.version_info.major}{sys.version_info.minor}"
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"{interpreter}-{interpreter}{sys.abiflags}-{platform}"


def _compile(links: list[tuple[str, str]]) -> bytes:
    """Compile the extension; it links libraries that are compiled here and left behind."""
    library, uses = pathlib.Path("_native.so"), pathlib.Path("_uses.c")
    include = sysconfig.get_path("include")
    symbols = "".join(f'extern void u{at}(void) __asm__("{name}");' for at, (_, name) in
                      enumerate(links))  # fmt: skip
    calls = "".join(f"u{at}();" for at, _ in enumerate(links))
    uses.write_text(f"{symbols}\nvoid standin_uses(void) {{ {calls} }}\n", encoding="utf-8")
    needs = [_stand_in_library(soname, symbol) for soname, symbol in links]
    _cc(f"-I{include}", "_native.c", uses, *needs, "-o", library)
    return library.read_bytes()


def _stand_in_library(soname: str, symbol: str) -> pathlib.Path:
    source, library = pathlib.Path(f"{soname}.c"), pathlib.Path(soname).absolute()
    source.write_text(f'void f(void) __asm__("{symbol}"); void f(void) {{}}\n', encoding="utf-8")
    _cc(source, f"-Wl,-soname,{soname}", "-o", library)
    return library


def _cc(*arguments: str | pathlib.Path) -> None:
    compiler = shlex.split(os.environ.get("CC", "cc"))
    subprocess.run([*compiler, "-shared", "-fPIC", *arguments], check=True)


def _dist_info(project: dict[str, Any], name: str, tag: str, *, purelib: bool) -> dict[str, bytes]:
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        *(f"Requires-Dist: {requirement}" for requirement in project["dependencies"]),
    ]
    wheel = [
        "Wheel-Version: 1.0",
        "Generator: standin",
        f"Root-Is-Purelib: {str(purelib).lower()}",
        f"Tag: {tag}",
    ]
    folder = f"{name}-{project['version']}.dist-info"
    return {
        f"{folder}/METADATA": "\n".join([*metadata, ""]).encode(),
        f"{folder}/WHEEL": "\n".join([*wheel, ""]).encode(),
        f"{folder}/RECORD": b"",
    }


def _write_wheel(path: pathlib.Path, files: dict[str, bytes]) -> None:
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record = name.endswith("/RECORD")
        lines.append(f"{name},," if record else f"{name},sha256={digest},{len(content)}")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            record = name.endswith("/RECORD")
            archive.writestr(name, "\n".join([*lines, ""]) if record else content)


def _log(line: str) -> None:
    log = os.environ.get("STANDIN_LOG")
    if log:
        with pathlib.Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
