"""With which releases of Torch a wheel loads: the symbols it imports against those they export.

A missing symbol proves that the dynamic linker refuses the library. None missing is necessary and
not sufficient: the layout of a type can change under the same symbols.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final

from packaging.version import Version

from ..libraries import Accelerator
from ..symbols import STABLE, UNSTABLE
from .torch_exports import TorchRelease
from .torch_imports import TorchImports
from .torch_loads import TorchLoads
from .torch_table import TorchTable, shipped_table

#: Symbols of namespaces that are Torch's alone; other projects define some in ``torch::``, too.
_OWN: Final = re.compile(r"_Z\w{0,4}?N[rVK]*[RO]?(3c10|2at|6caffe2)")


def compare(imports: Sequence[TorchImports], table: TorchTable) -> TorchLoads | None:
    """Compare what a wheel imports with what each build of a table exports.

    Returns:
        None if the wheel imports nothing of Torch that has to be there.
    """
    needs = [needs for each in imports if (needs := _Needs(each, table)).are_of_torch]
    if not needs:
        return None
    missing: dict[Version, dict[str, Sequence[str]]] = {}
    for each in needs:
        for version, lacking in each.missing():
            by_member = missing.setdefault(version, {})
            if lacking:
                by_member[each.member] = lacking
    return TorchLoads(
        missing=dict(sorted(missing.items())),
        unknown={each.member: each.unknown for each in needs if each.unknown},
        not_compared=frozenset().union(*(each.not_compared for each in needs)),
        uncovered=tuple(dict.fromkeys(each.machine for each in needs if not each.builds)),
        foreign=tuple(
            dict.fromkeys(
                each.foreign_stack for each in needs if each.foreign_stack and each.not_compared
            )
        ),
        stable=all(STABLE.match(name) for each in needs for name in each.symbols),
        given=not table.is_shipped,
    )


class _Needs:
    """The symbols of one library, and for each those builds that prove that it is missing.

    That a build lacks a symbol proves nothing where

    - no known Torch exports the symbol: it may be of another library;
    - the build is one of the shipped table, which stands for every build of its release, and has
      no accelerator, and one of its release that has one exports the symbol;
    - the library is for an accelerator that the table has no builds for, and no build without an
      accelerator exports the symbol: it may be of a library of Torch for that accelerator.
    """

    def __init__(self, imports: TorchImports, table: TorchTable) -> None:
        self.member, self.symbols, self.machine = imports.member, imports.symbols, imports.machine
        self._imports, self._table = imports, table
        self.builds = self._comparable()
        self._for_cpu = list(self._of_cpu())
        self.foreign_stack = self._foreign_stack()
        self._exporting: dict[str, int] = {}
        self._proven: dict[int, list[str]] = {}
        not_compared = set()
        every, known = sum(bit for bit, _ in self.builds), self._known()
        for name in sorted(self.symbols):
            exporting = table.exporting(name)
            self._exporting[name] = exporting & known
            lacking = every & ~exporting
            proven = self._proof(name, exporting, lacking)
            self._proven.setdefault(proven, []).append(name)
            if proven != lacking:
                not_compared.add(name)
        self.not_compared = frozenset(not_compared)

    @property
    def are_of_torch(self) -> bool:
        """Whether any is Torch's: a C function ``torch_…`` may be of any library."""
        linked, exporting = self._imports.linked, self._exporting
        return any(linked or exporting[name] or UNSTABLE.match(name) for name in exporting)

    @property
    def unknown(self) -> Sequence[str]:
        """Those that are Torch's, and that no build of the shipped table exports."""
        shipped = self._table.is_shipped
        proven = (names for builds, names in self._proven.items() if builds and shipped)
        return sorted(name for names in proven for name in names if not self._exporting[name])

    def missing(self) -> Iterator[tuple[Version, Sequence[str]]]:
        """Yield each version and what it lacks; of two builds, the one that lacks less counts."""
        if not any(self._proven) and not any(self._exporting.values()):
            return
        lists = functools.cache(self._names)
        by_version: dict[Version, list[Sequence[str]]] = {}
        for bit, release in self.builds:
            groups = tuple(builds for builds in self._proven if builds & bit)
            by_version.setdefault(release.version, []).append(lists(groups))
        for version, found in by_version.items():
            yield version, min(found, key=len)

    def _names(self, groups: tuple[int, ...]) -> Sequence[str]:
        return sorted(name for builds in groups for name in self._proven[builds])

    def _comparable(self) -> Sequence[tuple[int, TorchRelease]]:
        """Return the builds to compare the library with, and their bits.

        Of the shipped table, these are for each release the build with its accelerator, or else
        the one with the libraries that every build has.
        """
        stack = self._imports.accelerator
        builds = [each for each in self._table.bits() if each[1].machine == self.machine]
        if not self._table.is_shipped:
            return builds
        own = [
            each for each in builds if each[1].accelerator and stack in (None, each[1].accelerator)
        ]
        versions = {release.version for _, release in own}
        common = [each for each in builds if not each[1].accelerator]
        return own + [each for each in common if each[1].version not in versions]

    def _foreign_stack(self) -> Accelerator | None:
        """Return the accelerator of the library if no build of the shipped table is for it."""
        stack = self._imports.accelerator
        stacks = {release.accelerator for _, release in self.builds}
        return None if stack in stacks or not self._table.is_shipped else stack

    def _known(self) -> int:
        """Return the builds whose symbols are known to be of Torch for the library, too."""
        return sum(
            bit
            for bit, release in self._table.bits()
            if self.foreign_stack is None or release.accelerator is None
        )

    def _of_cpu(self) -> Iterator[tuple[int, int]]:
        """Yield the builds without an accelerator, and those of the same version with one."""
        for bit, release in self.builds if self._table.is_shipped else ():
            if release.accelerator is None:
                version, others = release.version, self._table.bits()
                yield bit, sum(b for b, r in others if r.accelerator and r.version == version)

    def _proof(self, name: str, exporting: int, lacking: int) -> int:
        """Return those of the builds which lack a symbol that prove that it is missing."""
        if not lacking or (not self._exporting[name] and self._may_be_of_another(name)):
            return 0
        return lacking & ~sum(bit for bit, others in self._for_cpu if others & exporting)

    def _may_be_of_another(self, name: str) -> bool:
        if self.foreign_stack:
            return True
        if _OWN.match(name) or (not self._table.is_shipped and shipped_table().exporting(name)):
            return False
        is_plain = STABLE.match(name) is not None and not name.startswith("aoti_")
        return bool(self._imports.others) or (is_plain and not self._imports.linked)
