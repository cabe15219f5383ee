"""Small sdists that stand in for the real ones: compiling Torch takes hours and a GPU toolkit."""

from __future__ import annotations

import io
import json
import pathlib
import tarfile
from dataclasses import dataclass
from typing import Final

_BACKEND: Final = pathlib.Path(__file__).with_name("standin_backend.py")

_PYPROJECT: Final = """\
[build-system]
requires = []
build-backend = "standin_backend"
backend-path = ["."]

[project]
name = {name}
version = {version}
dependencies = {requires}

[tool.standin]
extension = {extension}
links = {links}
"""

_NATIVE_C: Final = """\
#include <Python.h>

static PyModuleDef native = {PyModuleDef_HEAD_INIT, "_native", NULL, 0, NULL};

PyMODINIT_FUNC PyInit__native(void) {
    PyObject *module = PyModule_Create(&native);
    if (module != NULL && PyModule_AddIntConstant(module, "answer", 42) < 0) {
        Py_CLEAR(module);
    }
    return module;
}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StandIn:
    """A package that takes a moment to build.

    Attributes:
        name: as a requirement spells it, ``flash-attn``.
        extension: whether it compiles a C extension; without one its wheel is purelib.
        requires: what it needs at install.
        links: sonames of stand-in libraries that its extension links, each with a symbol of it;
            it can then be built, and not be imported.
    """

    name: str
    version: str
    extension: bool = True
    requires: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    @property
    def import_name(self) -> str:
        """The name of its module, which is also how file names spell it."""
        return self.name.replace("-", "_")

    def write_sdist(self, folder: pathlib.Path) -> pathlib.Path:
        """Write ``flash_attn-2.8.3.tar.gz`` into *folder*, and return its path."""
        stem = f"{self.import_name}-{self.version}"
        path = folder / f"{stem}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name, content in self._files().items():
                member = tarfile.TarInfo(f"{stem}/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return path

    def _files(self) -> dict[str, bytes]:
        pyproject = _PYPROJECT.format(
            name=json.dumps(self.name),
            version=json.dumps(self.version),
            requires=json.dumps(self.requires),
            extension=json.dumps(self.extension),
            links=json.dumps(self.links),
        )
        pkg_info = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
        module = "from ._native import answer\n" if self.extension else "answer = 42\n"
        return {
            "PKG-INFO": pkg_info.encode(),
            "pyproject.toml": pyproject.encode(),
            "standin_backend.py": _BACKEND.read_bytes(),
            "__init__.py": module.encode(),
            "_native.c": _NATIVE_C.encode(),
        }
