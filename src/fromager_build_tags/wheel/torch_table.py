"""Which build of Torch exports which symbol, for many builds at once.

The shipped table, ``torch_exports.xz``, is text: a line of JSON, ``{"format": 1, "builds": […]}``,
then the symbols, a line each, in groups of the same builds. A line ``=MASK`` opens a group: a
hexadecimal number whose bit *n* means that build *n* exports the symbols. ``python -m evidence
torch`` writes it.
"""

from __future__ import annotations

import functools
import itertools
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from packaging.version import Version

from ..errors import InputError
from .libraries import Accelerator
from .torch_exports import TorchBuild, TorchRelease

FORMAT: Final = 1
FILE: Final = "torch_exports.xz"
#: A higher one makes it smaller by a sixth, and takes a minute.
_PRESET: Final = 6


@dataclass(frozen=True, kw_only=True)
class TorchTable:
    """What each of several builds of Torch exports.

    Attributes:
        releases: the builds; bit *n* of a mask is that of build *n*.
        masks: for each symbol, the builds that export it.
        source: where the builds come from, for messages; "" for the shipped table, of which a
            build stands for every build of its release.
    """

    releases: Sequence[TorchRelease]
    masks: Mapping[str, int]
    source: str = ""

    @classmethod
    def of(cls, builds: Iterable[TorchBuild]) -> TorchTable:
        """Return the table of builds, in the order of their versions and machines.

        No build is kept, so that an iterator needs the memory of one build.
        """
        releases: list[TorchRelease] = []
        sources: dict[str, None] = {}
        found: dict[str, int] = {}
        for number, build in enumerate(builds):
            releases.append(build.release)
            sources[build.source] = None
            for symbol in build.exports:
                found[symbol] = found.get(symbol, 0) | 1 << number
        order = sorted(range(len(releases)), key=lambda number: releases[number].key)
        moved = functools.cache(lambda mask: sum((mask >> o & 1) << n for n, o in enumerate(order)))
        return cls(
            releases=[releases[number] for number in order],
            masks={symbol: moved(mask) for symbol, mask in found.items()},
            source=", ".join(sources),
        )

    @classmethod
    def parse(cls, data: bytes) -> TorchTable:
        """Parse the bytes of the shipped table.

        Raises:
            InputError: it is damaged, or of another format.
        """
        try:
            head, *groups = lzma.decompress(data).decode().split("\n=")
            header = json.loads(head)
            if header["format"] != FORMAT:
                raise InputError(
                    f"the table of Torch's symbols has format {header['format']!r}, and this "
                    f"version reads {FORMAT}: install fromager-build-tags again"
                )
            releases = [
                TorchRelease(
                    version=Version(version),
                    machine=machine,
                    accelerator=Accelerator(accelerator) if accelerator else None,
                )
                for version, machine, accelerator in header["builds"]
            ]
            masks: dict[str, int] = {}
            for group in groups:
                mask, *symbols = group.split("\n")
                if not 0 < (number := int(mask, 16)) < 1 << len(releases):
                    raise ValueError(f"a group of {len(releases)} builds is {mask!r}")
                masks.update(dict.fromkeys(symbols, number))
            return cls(releases=releases, masks=masks)
        except (lzma.LZMAError, EOFError, ValueError, KeyError, TypeError) as err:
            raise InputError(
                f"the table of Torch's symbols is damaged ({err}): install fromager-build-tags "
                "again"
            ) from None

    def dump(self) -> bytes:
        """Return the bytes of the table; for equal tables, they are the same."""
        builds = [(str(each.version), each.machine, each.accelerator) for each in self.releases]
        lines = [json.dumps({"format": FORMAT, "builds": builds})]
        by_mask = sorted((mask, symbol) for symbol, mask in self.masks.items())
        for mask, group in itertools.groupby(by_mask, lambda each: each[0]):
            lines += [f"={mask:x}", *(symbol for _, symbol in group)]
        return lzma.compress("\n".join(lines).encode(), preset=_PRESET)

    @property
    def is_shipped(self) -> bool:
        """Whether a build stands for every build of its release."""
        return not self.source

    def bits(self) -> Iterator[tuple[int, TorchRelease]]:
        """Yield the builds, each with its bit of a mask."""
        for number, release in enumerate(self.releases):
            yield 1 << number, release

    def builds(self) -> Iterator[TorchBuild]:
        """Yield each build again."""
        for number, release in enumerate(self.releases):
            exports = frozenset(name for name, mask in self.masks.items() if mask >> number & 1)
            yield TorchBuild(
                version=release.version,
                machine=release.machine,
                accelerator=release.accelerator,
                exports=exports,
                source=self.source,
            )


@functools.cache
def shipped_table() -> TorchTable:
    """Return the table of Torch's releases on the registry; it is read once in a process.

    Raises:
        InputError: it is damaged.
    """
    return TorchTable.parse(resources.files(__package__).joinpath(FILE).read_bytes())
