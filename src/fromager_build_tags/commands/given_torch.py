"""The builds of Torch that a user gives: wheels, installed ones, and those of indexes."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import click
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..errors import InputError
from ..http.urls import file_name, is_url
from ..index import Index, open_index
from ..index.file_name import wheel_name_or_none
from ..index.listing import IndexFile
from ..index.place import IndexPlace
from ..tag.filename import WheelName
from ..tag.platform import parse_linux
from ..text import counted, first_few, redact_argument
from ..verify.run import WheelSource
from ..wheel.archive import open_url
from ..wheel.torch.torch_exports import TorchBuild, read_torch, read_torch_wheel
from ..wheel.torch.torch_table import TorchTable
from . import common

_TORCH: Final = canonicalize_name("torch")
_WHAT: Final = (
    "give a Torch wheel, the site-packages of an installed Torch, or an index that has torch"
)


def read_given_torch(texts: Collection[str], wheels: Iterable[WheelSource]) -> TorchTable:
    """Return the builds of Torch to compare wheels with.

    Args:
        texts: each is a file, a folder or a URL.
        wheels: of an index, the builds are read that are for their machines, one for each version;
            their Python decides between several. If there are none, those for each machine.

    Raises:
        InputError: an argument has no Torch.
        WheelError: a Torch cannot be read.
    """
    names = [wheel_name_or_none(each.shown.rpartition("/")[2]) for each in wheels]
    known = [each for each in names if each is not None]
    table = TorchTable.of(build for text in texts for build in _read(text, known))
    versions = sorted({each.version for each in table.releases})
    shown = first_few([str(IndexPlace(address=text, variant="")) for text in texts])
    common.note(f"compared with Torch {first_few(versions)} of {shown}")
    return dataclasses.replace(table, source=shown)


def _read(text: str, wheels: Collection[WheelName]) -> Iterator[TorchBuild]:
    if not text:
        raise click.BadParameter("an argument is empty: is a variable unset?", param_hint="--torch")
    path = pathlib.Path(text)
    if is_url(text) and file_name(text).endswith(".whl"):
        from ..http.session import Session  # requests takes 0.2 s

        with contextlib.closing(Session(text)) as session, open_url(text, session) as archive:
            yield read_torch_wheel(archive)
    elif is_url(text) or (path.is_dir() and not _is_installed(path)):
        with contextlib.closing(
            open_index(IndexPlace(address=text, variant=""), [_TORCH])
        ) as index:
            yield from _of_index(index, wheels)
    elif path.exists():
        yield from read_torch(path)
    else:
        raise InputError(f"--torch {redact_argument(text)!r}: no such file or folder; {_WHAT}")


def _is_installed(folder: pathlib.Path) -> bool:
    return any((folder / name).is_dir() for name in ("lib", "torch/lib"))


def _of_index(index: Index, wheels: Collection[WheelName]) -> Iterator[TorchBuild]:
    files = list(_chosen(index.project(_TORCH).files, wheels))
    if not files:
        machine = " for the machine of a verified wheel" if wheels else ""
        raise InputError(f"--torch {str(index.place)!r}: it has no Torch wheel{machine}; {_WHAT}")
    if index.place.is_url:
        common.note(f"downloading {counted(len(files), 'Torch wheel')} of {index.place}")
    for file in files:
        with index.open(file) as archive:
            yield read_torch_wheel(archive)


def _chosen(files: Iterable[IndexFile], wheels: Collection[WheelName]) -> Iterable[IndexFile]:
    """Return a file for each version and machine: one for a Python of the wheels, if there is."""
    machines = frozenset().union(*map(_machines, wheels))
    pythons = {tag.interpreter for wheel in wheels for tag in wheel.tags}
    chosen: dict[tuple[Version, frozenset[str]], tuple[bool, str, IndexFile]] = {}
    for file in files:
        name = wheel_name_or_none(file.filename)
        if name is None or not _machines(name) or (machines and not machines & _machines(name)):
            continue
        fits = not pythons.isdisjoint(tag.interpreter for tag in name.tags)
        key = name.version, _machines(name)
        rank = (fits, file.filename, file)
        chosen[key] = max(chosen.get(key, rank), rank, key=lambda each: each[:2])
    return [file for _, _, file in chosen.values()]


def _machines(name: WheelName) -> frozenset[str]:
    """Return the machines of a wheel for Linux."""
    platforms = (parse_linux(tag.platform) for tag in name.tags)
    return frozenset(each.machine for each in platforms if each is not None)
