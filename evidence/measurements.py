"""``measurements.json``: what was seen in each wheel, small and in a stable order."""

from __future__ import annotations

import json
from pathlib import Path

from packaging.version import Version
from pydantic import BaseModel, ConfigDict

from fromager_build_tags.tag.filename import parse_wheel_name
from fromager_build_tags.wheel.evidence import TorchAbi
from fromager_build_tags.wheel.facts import WheelFacts

from .catalogue import HERE

FILE = HERE / "measurements.json"
_PROOFS = 3


class Measurement(BaseModel):
    """One wheel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str
    version: str
    file: str
    megabytes: float
    purelib: bool
    """Whether its file name is for any platform."""
    libraries: int
    accelerators: dict[str, tuple[str, ...]]
    """Stack to its first proofs."""
    torch: TorchAbi
    torch_proofs: tuple[str, ...]
    cxx_symbols: int
    stable_symbols: int
    requires_torch: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def key(self) -> tuple[str, Version]:
        """Order of the file and of the table."""
        return self.package, Version(self.version)


class Measurements(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: int = 1
    measurements: tuple[Measurement, ...] = ()

    def of(self, package: str) -> list[Measurement]:
        """Return a package's measurements from old to new."""
        return [row for row in self.measurements if row.package == package]

    def having(self, row: Measurement) -> Measurements:
        """Return these with ``row`` in its place."""
        rows = [each for each in self.measurements if each.key != row.key]
        return Measurements(measurements=tuple(sorted([*rows, row], key=lambda row: row.key)))


def summarise(facts: WheelFacts, *, wheel: Path, package: str, version: str) -> Measurement:
    """Keep of a wheel's facts what the table and the tests need."""
    return Measurement(
        package=package,
        version=version,
        file=wheel.name,
        megabytes=round(wheel.stat().st_size / 1e6, 1),
        purelib=not parse_wheel_name(wheel.name).is_platlib,  # Tag of WHEEL may not be true
        libraries=facts.libraries,
        accelerators={
            use.accelerator.value: tuple(map(str, use.evidence[:_PROOFS]))
            for use in facts.needed_accelerators
        },
        torch=facts.torch.abi,
        torch_proofs=tuple(map(str, facts.torch.evidence[:_PROOFS])),
        cxx_symbols=facts.torch.cxx_symbols,
        stable_symbols=facts.torch.stable_symbols,
        requires_torch=facts.requires_torch,
        refused=tuple(f"{each.member}: {each.reason}" for each in facts.refused[:_PROOFS]),
    )


def load(path: Path = FILE) -> Measurements:
    """Read the measurements; a missing file has none."""
    if not path.exists():
        return Measurements()
    return Measurements.model_validate_json(path.read_text(encoding="utf-8"))


def save(measurements: Measurements, path: Path = FILE) -> None:
    """Write the measurements, one wheel after the other, so that a diff shows what changed."""
    text = json.dumps(measurements.model_dump(mode="json"), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
