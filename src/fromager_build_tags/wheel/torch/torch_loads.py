"""The result of comparing a wheel with releases of Torch: which of them it loads with."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from ..libraries import Accelerator


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchLoads:
    """With which builds of Torch a wheel loads, by its symbols.

    Attributes:
        missing: for each compared version, ascending, the symbols that it lacks, by member of the
            wheel; empty for a version that has all of them.
        unknown: symbols that no build of the shipped table exports, by member.
        not_compared: symbols that some build lacks and that may be there anyway: they may be of
            another library, or of a part of Torch that this build does not have.
        uncovered: machines of libraries that no build is for, such as ``ppc64``.
        foreign: accelerators that the table has no builds for: what the libraries of Torch for
            them export is not compared.
        stable: it imports functions of the stable ABI only.
        given: it was compared with builds that a user gave, not with the shipped table.
    """

    missing: Mapping[Version, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    not_compared: frozenset[str] = frozenset()
    uncovered: tuple[str, ...] = ()
    foreign: tuple[Accelerator, ...] = ()
    stable: bool = False
    given: bool = False

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions with which it loads, ascending."""
        return tuple(version for version, missing in self.missing.items() if not missing)

    @property
    def minimum(self) -> Version | None:
        """The first version from which on it loads with each.

        None if it needs certain ones; or if all the builds that a user gave have its symbols,
        since they do not show where its minimum is.
        """
        found = None
        for version, missing in reversed(list(self.missing.items())) if self.stable else ():
            if missing:
                return found
            found = version
        return None if self.given else found

    @property
    def has_one_for_each(self) -> bool:
        """Whether no version loads all of those libraries that some version loads.

        Such a wheel has a library for each Torch, and loads one of them.
        """
        members = {member for missing in self.missing.values() for member in missing}
        loading = (
            {version for version, missing in self.missing.items() if member not in missing}
            for member in members
        )
        some = [*filter(None, loading)]
        return bool(some) and not set.intersection(*some)

    def __str__(self) -> str:
        rest = f" for {' and '.join(self.uncovered)}" if self.uncovered else ""
        if not self.missing:
            return f"loads with an unknown Torch: no known one{rest} can be compared"
        skipped = [f"libraries{rest}"] if rest else []
        skipped += [f"symbols of Torch for {' and '.join(self.foreign)}"] if self.foreign else []
        return "; not compared: ".join(filter(None, [self._compared(), ", ".join(skipped)]))

    def _compared(self) -> str:
        first, last = min(self.missing), max(self.missing)
        if self.minimum is not None:
            minimum = short(self.minimum)
            lower = " or lower" if self.minimum == first else ""
            return f"loads with Torch {minimum} and later; stable ABI, minimum {minimum}{lower}"
        if not self.versions:
            if first == last:
                return f"does not load with Torch {first}"
            several = f"from {first} to {last}"
            if self.has_one_for_each:
                return f"loads with no single Torch {several}: its libraries need different ones"
            return f"loads with no Torch {several}"
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


def stands_for(wanted: Version, release: Version) -> bool:
    """Return whether a version stands for a release: ``2.10`` for each ``2.10.x``.

    The local part of the release, which names an accelerator, is any.
    """
    if len(wanted.release) <= 2 and not wanted.is_prerelease:
        return release.release[: len(wanted.release)] == wanted.release
    return release.public == wanted.public


def short(version: Version) -> str:
    """Return a version without its patch number, if that is 0.

    >>> short(Version("2.10.0")), short(Version("2.12.1"))
    ('2.10', '2.12.1')
    """
    text = str(version)
    return text if version.micro or version.local else text.removesuffix(".0")


class TorchAnswer(enum.StrEnum):
    """Whether a wheel loads with a release of Torch, by symbols alone.

    PART: some of its libraries do; the wheel has a library for each Torch.
    UNKNOWN: there is no build of the release to compare with.
    """

    YES = "yes"
    NO = "no"
    PART = "part"
    UNKNOWN = "unknown"


def answer(loads: TorchLoads | None, releases: Iterable[Version]) -> TorchAnswer:
    """Return the best answer for any of the releases; a wheel without imports loads with each."""
    if loads is None:
        return TorchAnswer.YES
    found = {_answer(loads, release) for release in releases}
    return next((each for each in TorchAnswer if each in found), TorchAnswer.UNKNOWN)


def _answer(loads: TorchLoads, release: Version) -> TorchAnswer:
    missing = loads.missing.get(release)
    if missing is None:
        return TorchAnswer.UNKNOWN
    if not missing:
        return TorchAnswer.YES
    members = frozenset().union(*loads.missing.values())
    is_part = loads.has_one_for_each and missing.keys() < members
    return TorchAnswer.PART if is_part else TorchAnswer.NO
