"""Which build of Torch exports which symbol, for many builds at once.

In a table, a digest of 64 bits stands for a symbol: its text has twenty times as many bytes, and
reading it took longer than reading most wheels.

The shipped table, ``torch_exports.bin``, is a line of JSON, then the digests, as little-endian
numbers in groups of the same builds. In the line, ``builds`` has version, machine and accelerator
of each build; ``groups`` has, for each group, a mask and the number of its digests: a hexadecimal
number whose bit *n* means that build *n* exports the symbols. ``python -m evidence torch`` writes
it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from packaging.version import Version

from ...errors import InputError
from ..libraries import Accelerator
from .torch_exports import TorchBuild, TorchRelease

FORMAT: Final = 1
FILE: Final = "torch_exports.bin"
type _Part = tuple[TorchRelease, Sequence[int]]


def digest(symbol: str) -> int:
    """Return the number that stands for a symbol in a table.

    That a symbol has the digest of one of 100,000 others has a probability of 1 in 10 to the 14.
    """
    return int.from_bytes(hashlib.blake2b(symbol.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, kw_only=True)
class TorchTable:
    """What each of several builds of Torch exports.

    Attributes:
        releases: the builds; bit *n* of a mask is that of build *n*.
        masks: for the digest of each symbol, the builds that export it.
        source: where the builds come from, for messages; "" for the shipped table, of which a
            build stands for every build of its release.
    """

    releases: Sequence[TorchRelease]
    masks: Mapping[int, int]
    source: str = ""

    @classmethod
    def of(cls, builds: Iterable[TorchBuild]) -> TorchTable:
        """Return the table of builds; of an iterator, no build is kept."""
        sources: dict[str, None] = {}
        parts: list[_Part] = []
        for build in builds:
            sources[build.source] = None
            parts.append((build.release, array("Q", map(digest, build.exports))))
        return cls.join(parts, ", ".join(sources))

    @classmethod
    def join(cls, parts: Iterable[_Part], source: str = "") -> TorchTable:
        """Return the table of builds and their digests, ordered by version and machine."""
        ordered = sorted(parts, key=lambda part: part[0].key)
        masks: dict[int, int] = {}
        for number, (_, digests) in enumerate(ordered):
            for each in digests:
                masks[each] = masks.get(each, 0) | 1 << number
        return cls(releases=[release for release, _ in ordered], masks=masks, source=source)

    @classmethod
    def parse(cls, data: bytes) -> TorchTable:
        """Parse the bytes of the shipped table.

        Raises:
            InputError: it is damaged, or of another format.
        """
        head, _, body = data.partition(b"\n")
        try:
            header = json.loads(head)
            if header["format"] != FORMAT:
                raise InputError(
                    f"the table of Torch's symbols has format {header['format']!r}, and this "
                    f"version reads {FORMAT}: install fromager-build-tags again"
                )
            return cls._parse(header, body)
        except (ValueError, KeyError, TypeError, struct.error) as err:
            raise InputError(
                f"the table of Torch's symbols is damaged ({err}): install fromager-build-tags "
                "again"
            ) from None

    @classmethod
    def _parse(cls, header: Any, body: bytes) -> TorchTable:
        releases = [
            TorchRelease(
                version=Version(version),
                machine=machine,
                accelerator=Accelerator(accelerator) if accelerator else None,
            )
            for version, machine, accelerator in header["builds"]
        ]
        if hashlib.sha256(body).hexdigest() != header["sha256"]:
            raise ValueError("its digests do not have the SHA-256 of its first line")
        masks: dict[int, int] = {}
        at = 0
        for mask, count in header["groups"]:
            digests = struct.unpack_from(f"<{count}Q", body, at)
            masks.update(dict.fromkeys(digests, int(mask, 16)))
            at += count * 8
        return cls(releases=releases, masks=masks)

    def dump(self) -> bytes:
        """Return the bytes of the table; for equal tables, they are the same."""
        groups: dict[int, list[int]] = {}
        for each, mask in sorted(self.masks.items()):
            groups.setdefault(mask, []).append(each)
        ordered = sorted(groups.items())
        body = b"".join(struct.pack(f"<{len(digests)}Q", *digests) for _, digests in ordered)
        header = {
            "format": FORMAT,
            "sha256": hashlib.sha256(body).hexdigest(),
            "builds": [
                (str(each.version), each.machine, each.accelerator) for each in self.releases
            ],
            "groups": [(f"{mask:x}", len(digests)) for mask, digests in ordered],
        }
        return json.dumps(header).encode() + b"\n" + body

    @property
    def is_shipped(self) -> bool:
        """Whether a build stands for every build of its release."""
        return not self.source

    def exporting(self, symbol: str) -> int:
        """Return the mask of the builds that export a symbol."""
        return self.masks.get(digest(symbol), 0)

    def bits(self) -> Iterator[tuple[int, TorchRelease]]:
        """Yield the builds, each with its bit of a mask."""
        for number, release in enumerate(self.releases):
            yield 1 << number, release

    def parts(self) -> Iterator[_Part]:
        """Yield the builds and their digests, as ``join`` takes them."""
        for bit, release in self.bits():
            yield release, array("Q", (each for each, mask in self.masks.items() if mask & bit))


@functools.cache
def shipped_table() -> TorchTable:
    """Return the table of Torch's releases on the registry; it is read once in a process.

    Raises:
        InputError: it is damaged.
    """
    return TorchTable.parse(resources.files(__package__).joinpath(FILE).read_bytes())
