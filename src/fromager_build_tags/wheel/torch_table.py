"""Which build of Torch exports which symbol, for many builds at once.

The shipped table, ``torch_exports.xz``, is text: a line of JSON, ``{"format": 1, "builds": […]}``,
then the symbols, a line each, in groups of the same builds. A line ``=MAIN ACCELERATOR`` opens a
group: two hexadecimal numbers whose bit *n* means that build *n* exports the symbols, from the
libraries that every build has, and from those for its accelerator. ``python -m evidence torch``
writes it.
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
from .torch_exports import TorchBuild

FORMAT: Final = 1
FILE: Final = "torch_exports.xz"
type _Masks = tuple[int, int]
_NOWHERE: Final[_Masks] = (0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchRelease:
    """A build of Torch in a table.

    Attributes:
        version: with its local part, if the build has one.
        machine: as in ``ElfFacts``.
        accelerator: whose libraries it has; None for one that was built for the CPU only.
    """

    version: Version
    machine: str
    accelerator: Accelerator | None


@dataclass(frozen=True, kw_only=True)
class TorchTable:
    """What each of several builds of Torch exports.

    Attributes:
        releases: the builds; a bit of the masks is the number of a build.
        masks: the builds that export a symbol: from their main libraries, from those for the
            accelerator.
        source: where the table comes from, for messages; "" for the shipped one.
    """

    releases: Sequence[TorchRelease]
    masks: Mapping[str, _Masks]
    source: str = ""

    @classmethod
    def of(cls, builds: Sequence[TorchBuild]) -> TorchTable:
        """Return the table of builds, in the order of their versions and machines."""
        builds = sorted(builds, key=lambda each: (each.version, each.machine))
        masks: dict[str, _Masks] = {}
        for number, build in enumerate(builds):
            for symbol in build.exports | build.accelerator_exports:
                main, more = masks.get(symbol, _NOWHERE)
                main |= (symbol in build.exports) << number
                masks[symbol] = main, more | (symbol in build.accelerator_exports) << number
        releases = [
            TorchRelease(version=each.version, machine=each.machine, accelerator=each.accelerator)
            for each in builds
        ]
        source = ", ".join(dict.fromkeys(each.source for each in builds))
        return cls(releases=releases, masks=masks, source=source)

    @classmethod
    def parse(cls, data: bytes) -> TorchTable:
        """Parse the bytes of a table.

        Raises:
            InputError: it is damaged, or of another format.
        """
        try:
            head, *lines = lzma.decompress(data).decode().split("\n")
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
            return cls(releases=releases, masks=dict(_parsed(lines)))
        except (lzma.LZMAError, ValueError, KeyError, TypeError) as err:
            raise InputError(
                f"the table of Torch's symbols is damaged ({err}): install fromager-build-tags "
                "again"
            ) from None

    def dump(self) -> bytes:
        """Return the bytes of the table; for equal tables, they are the same."""
        builds = [(str(each.version), each.machine, each.accelerator) for each in self.releases]
        lines = [json.dumps({"format": FORMAT, "builds": builds})]
        by_masks = sorted((masks, symbol) for symbol, masks in self.masks.items())
        for (main, more), group in itertools.groupby(by_masks, lambda each: each[0]):
            lines += [f"={main:x} {more:x}", *(symbol for _, symbol in group)]
        return lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME)

    def of_machine(self, machine: str) -> Iterator[tuple[int, TorchRelease]]:
        """Yield the builds for a machine, each with its bit."""
        for number, release in enumerate(self.releases):
            if release.machine == machine:
                yield 1 << number, release


def _parsed(lines: Iterable[str]) -> Iterator[tuple[str, _Masks]]:
    masks = _NOWHERE
    for line in lines:
        if line.startswith("="):
            main, _, more = line[1:].partition(" ")
            masks = int(main, 16), int(more, 16)
        else:
            yield line, masks


@functools.cache
def shipped_table() -> TorchTable:
    """Return the table of Torch's releases on the registry; it is read once in a process.

    Raises:
        InputError: it is damaged.
    """
    return TorchTable.parse(resources.files(__package__).joinpath(FILE).read_bytes())
