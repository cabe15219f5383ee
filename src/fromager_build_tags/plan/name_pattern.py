"""Patterns of the names of packages: one override for a family, whose next major has a new name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name, is_normalized_name

STAR: Final = "*"
_VERSION: Final = re.compile(r"[0-9]+(-[0-9]+)*")


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A name of a package in which one ``*`` stands for what differs in a family.

    As a whole part of the name, it stands for any text: ``faiss-gpu-*`` matches
    ``faiss-gpu-cu12-cuvs``. Beside a letter or a digit, it stands for a version, such as ``13`` or
    ``7-1``: ``jax-cuda*-plugin`` does not match ``jax-cuda-extra-plugin``.

    Attributes:
        start: the canonical text before the ``*``.
        end: the canonical text after it.
    """

    start: str
    end: str

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """Parse a pattern in any spelling of its name.

        Raises:
            ValueError: it is not a pattern, or it is not limited to one family.
        """
        start, _, end = canonicalize_name(text).partition(STAR)
        if not {*start, *end} - {*STAR, "-"}:
            raise ValueError("it matches every package")
        if STAR in end:
            raise ValueError("it contains more than one *")
        if not start.strip("-"):
            raise ValueError("it begins with *, and so matches packages of other families")
        if not is_normalized_name(f"{start}1{end}"):
            raise ValueError("no name of a package can match it")
        return cls(start, end)

    def matches(self, package: str) -> bool:
        """Return whether a package, by its canonical name, is of this family."""
        if not (package.startswith(self.start) and package.endswith(self.end)):
            return False
        differing = package[len(self.start) : len(package) - len(self.end)]
        if self._is_part:
            return bool(differing)
        return _VERSION.fullmatch(differing) is not None

    @property
    def _is_part(self) -> bool:
        return self.start.endswith("-") and self.end[:1] in {"", "-"}

    def common(self, other: NamePattern) -> str:
        """Return a name that both patterns match; "" if there is none."""
        start, end = (max(pair, key=len) for pair in zip(self._ends, other._ends, strict=True))
        names = filter(is_normalized_name, _joined(start, end))
        return next((each for each in names if self.matches(each) and other.matches(each)), "")

    @property
    def _ends(self) -> tuple[str, str]:
        return self.start, self.end


def _joined(start: str, end: str) -> Iterator[str]:
    """Yield the shortest names with this start and end, which may overlap."""
    yield f"{start}1{end}"
    yield from (start + end[size:] for size in range(len(end) + 1) if start.endswith(end[:size]))
