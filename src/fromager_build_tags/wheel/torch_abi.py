"""With which releases of Torch a wheel loads: the symbols it imports against those they export.

A missing symbol proves that the dynamic linker refuses the library. None missing is necessary and
not sufficient: the layout of a type can change under the same symbols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from .symbols import STABLE
from .torch_imports import TorchImports
from .torch_table import TorchTable


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchLoads:
    """With which builds of Torch a wheel loads, by its symbols.

    Attributes:
        missing: for each compared version, the symbols that it lacks, by member of the wheel;
            empty for a version that has all of them.
        unknown: symbols that no compared build exports, by member.
        not_compared: symbols that no compared build can prove or disprove: they belong to an
            accelerator that the builds do not have, or may come from another library.
        uncovered: machines of libraries for which there is no build.
        stable: it imports functions of the stable ABI only.
    """

    missing: Mapping[Version, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    not_compared: frozenset[str] = frozenset()
    uncovered: tuple[str, ...] = ()
    stable: bool = False

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions with which it loads, ascending."""
        return tuple(version for version, missing in self.missing.items() if not missing)

    @property
    def minimum(self) -> Version | None:
        """The first version from which on it loads with each; None if it needs certain ones."""
        found = None
        for version, missing in reversed(list(self.missing.items())) if self.stable else ():
            if missing:
                break
            found = version
        return found

    def __str__(self) -> str:
        if not self.missing:
            machines = f" for {' and '.join(self.uncovered)}" if self.uncovered else ""
            return f"loads with an unknown Torch: no known one{machines} can be compared"
        if self.minimum is not None:
            minimum = short(self.minimum)
            return f"loads with Torch {minimum} and later; stable ABI, minimum {minimum}"
        if not self.versions:
            first, last = min(self.missing), max(self.missing)
            return f"loads with no Torch from {first} to {last}"
        return f"loads with Torch {', '.join(self._runs())}"

    def _runs(self) -> Iterator[str]:
        """Yield ``2.9.0 to 2.10.0`` for versions without another one in between."""
        run: list[Version] = []
        for version, missing in [*self.missing.items(), (None, {"": ""})]:
            if version is not None and not missing:
                run.append(version)
            elif run:
                yield str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}"
                run = []


def short(version: Version) -> str:
    """Return a version without its patch number, if that is 0.

    >>> short(Version("2.10.0")), short(Version("2.12.1"))
    ('2.10', '2.12.1')
    """
    text = str(version)
    return text if version.micro or version.local else text.removesuffix(".0")


def compare(imports: Sequence[TorchImports], table: TorchTable) -> TorchLoads | None:
    """Compare what a wheel imports with what each build of a table exports.

    Returns:
        None if the wheel imports nothing that has to be there.
    """
    needs = [_Needs(each, table) for each in imports if each.symbols]
    if not needs:
        return None
    missing: dict[Version, dict[str, Sequence[str]]] = {}
    for each in needs:
        for bit, release in each.builds if each.is_compared else ():
            by_member = missing.setdefault(release.version, {})
            if lacking := each.missing(bit):
                by_member[each.member] = lacking
    return TorchLoads(
        missing=dict(sorted(missing.items())),
        unknown={each.member: each.unknown for each in needs if each.unknown},
        not_compared=frozenset().union(*(each.not_compared for each in needs)),
        uncovered=tuple(dict.fromkeys(each.machine for each in needs if not each.builds)),
        stable=all(STABLE.match(name) for each in imports for name in each.symbols),
    )


class _Needs:
    """The symbols of one library, by the builds that export them."""

    def __init__(self, imports: TorchImports, table: TorchTable) -> None:
        self.member, self.machine = imports.member, imports.machine
        self.builds = list(table.of_machine(imports.machine))
        self._imports = imports
        self._all = sum(bit for bit, _ in self.builds)
        stack = imports.accelerator
        self._with_stack = sum(
            bit
            for bit, release in self.builds
            if release.accelerator and stack in (None, release.accelerator)
        )
        self._exported: dict[str, int] = {}
        self._expected: dict[str, int] = {}
        for name in sorted(imports.symbols):
            main, more = table.masks.get(name, (0, 0))
            self._exported[name] = (main | more) & self._all
            self._expected[name] = self._expected_in(name, main & self._all, more)

    def _expected_in(self, name: str, main: int, more: int) -> int:
        """Return the builds that would export a symbol if they had it: else it is no proof."""
        if main:
            return self._all
        if more:
            return self._with_stack
        return 0 if self._may_be_of_another(name) else self._all

    def _may_be_of_another(self, name: str) -> bool:
        """Return whether a symbol that no build exports may be of another library than theirs."""
        imports = self._imports
        is_plain = STABLE.match(name) is not None and not name.startswith("aoti_")
        other_stack = imports.accelerator is not None and not self._with_stack
        return bool(imports.others) or other_stack or (is_plain and not imports.linked)

    @property
    def is_compared(self) -> bool:
        return any(self._expected.values())

    @property
    def unknown(self) -> Sequence[str]:
        exported = self._exported
        return [name for name, there in self._expected.items() if there and not exported[name]]

    @property
    def not_compared(self) -> frozenset[str]:
        return frozenset(name for name, there in self._expected.items() if not there)

    def missing(self, bit: int) -> Sequence[str]:
        """Return the symbols that a build lacks, sorted."""
        return [
            name
            for name, there in self._expected.items()
            if there & bit and not self._exported[name] & bit
        ]
