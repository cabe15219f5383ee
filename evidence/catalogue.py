"""``packages.yaml``: what is measured, and what could only be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from packaging.utils import is_normalized_name
from packaging.version import Version
from pydantic import BaseModel, ConfigDict, Field, field_validator

HERE = Path(__file__).parent
FILE = HERE / "packages.yaml"


class Reading(BaseModel):
    """What a source distribution shows, where there is no wheel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    accelerators: tuple[str, ...] = ()
    torch: str = "none"
    torch_version: str = ""
    """The Torch that it is built against, where the answer depends on it."""
    what: str
    """What was read, and in which file."""


class Package(BaseModel):
    """One package of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    note: str
    """A remark, printed below the table."""
    versions: tuple[str, ...] = ()
    """Published wheels to measure."""
    python: str | None = None
    """Version of Python that the wheels are for, where it is not that of the catalogue."""
    read: tuple[Reading, ...] = ()
    differs: dict[str, str] = Field(default_factory=dict)
    """Version to reason: where the override gives more than the published wheel needs."""
    independent: dict[str, str] = Field(default_factory=dict)
    """Version to reason: where binutils find another need (``evidence/independent.json``)."""

    @field_validator("versions")
    @classmethod
    def _versions_sorted(cls, versions: tuple[str, ...]) -> tuple[str, ...]:
        return _in_order(versions, versions)

    @field_validator("read")
    @classmethod
    def _readings_sorted(cls, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        return _in_order(readings, [reading.version for reading in readings])


class Catalogue(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    python: str
    """Version of Python that the wheels are for."""
    platforms: tuple[str, ...]
    """Platform tags to accept, as pip takes them."""
    packages: dict[str, Package]
    ordinary: dict[str, str]
    """Package to version: wheels with libraries that need neither accelerator nor Torch."""

    def wheels(self) -> Iterator[tuple[str, str]]:
        """Yield (package, version) of each wheel to measure."""
        for name, package in self.packages.items():
            yield from ((name, version) for version in package.versions)
        yield from self.ordinary.items()

    def python_of(self, package: str) -> str:
        """Return the version of Python that the wheels of a package are for."""
        listed = self.packages.get(package)
        return (listed.python if listed else None) or self.python

    @field_validator("packages", "ordinary")
    @classmethod
    def _canonical[T](cls, packages: dict[str, T]) -> dict[str, T]:
        for name in packages:
            if not is_normalized_name(name):
                raise ValueError(f"{name!r} is not in canonical form")
        return packages


def _in_order[T](rows: T, versions: Iterable[str]) -> T:
    given = [Version(version) for version in versions]
    if given != sorted(given):
        raise ValueError("versions go from old to new")
    return rows


def load(path: Path = FILE) -> Catalogue:
    """Read and check the catalogue."""
    return Catalogue.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
