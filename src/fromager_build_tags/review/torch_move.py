"""The wheels that a new Torch renames: which of them load with it anyway, by their symbols."""

from __future__ import annotations

import collections
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from ..errors import InputError
from ..http.prefetch import READERS, prefetch
from ..plan.locked_tags import public_version
from ..tag.build_tag import BuildTag
from ..tag.filename import parse_wheel_name
from ..tag.segment import Order, torch_version
from ..wheel.archive import WheelArchive, WheelError
from ..wheel.libraries import read_contents
from ..wheel.torch.torch_abi import compare
from ..wheel.torch.torch_imports import torch_imports
from ..wheel.torch.torch_loads import TorchAnswer, answer, stands_for
from ..wheel.torch.torch_table import shipped_table
from .change import Change


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchMove:
    """The wheels that a new Torch renames, and that are read.

    Attributes:
        torch: the new Torch, as its segment spells the version.
        answers: how many load, cannot load and so on; unreadable ones are unknown.
    """

    torch: Version
    answers: Mapping[TorchAnswer, int]

    @property
    def wheels(self) -> int:
        """How many there are."""
        return sum(self.answers.values())


type _Key = tuple[str, object, BuildTag]


def torch_moves(changes: Iterable[Change], folders: Sequence[pathlib.Path]) -> list[TorchMove]:
    """Read the wheels of folders whose Torch segment changes, and compare them with the new Torch.

    Only wheels with a build tag of the base are read.
    """
    renamed = dict(_renamed(changes))
    wheels = [*_wheels(renamed, folders)] if renamed else []
    counts: dict[Version, collections.Counter[TorchAnswer]] = {}
    for torch, found in prefetch(lambda each: (each[1], _answer(*each)), wheels, threads=READERS):
        counts.setdefault(torch, collections.Counter())[found] += 1
    return [TorchMove(torch=torch, answers=counts[torch]) for torch in sorted(counts)]


def _renamed(changes: Iterable[Change]) -> Iterator[tuple[_Key, Version]]:
    """Yield the wheels whose Torch segment changes, each with the new Torch."""
    for each in changes:
        before, after = (
            tag.by_order.get(Order.TORCH, "") if tag else "" for tag in (each.before, each.after)
        )
        version = torch_version(after)
        if each.before and before and before != after and version:
            yield (each.package, public_version(each.version), each.before), version


def _wheels(
    renamed: Mapping[_Key, Version], folders: Sequence[pathlib.Path]
) -> Iterator[tuple[pathlib.Path, Version]]:
    """Yield the renamed wheels of the folders, each once, with the new Torch."""
    for path in sorted({path for folder in folders for path in folder.rglob("*.whl")}):
        try:
            name = parse_wheel_name(path.name)
        except InputError:
            continue
        key: _Key = (name.name, public_version(str(name.version)), name.build_tag)
        if key in renamed and path.is_file():
            yield path, renamed[key]


def _answer(path: pathlib.Path, torch: Version) -> TorchAnswer:
    table = shipped_table()
    releases = [each.version for each in table.releases if stands_for(torch, each.version)]
    try:
        with WheelArchive.open(path) as archive:
            imports = [*torch_imports(read_contents(archive))]
    except WheelError:
        return TorchAnswer.UNKNOWN
    return answer(compare(imports, table), releases)
