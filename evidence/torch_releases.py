"""Fetch the releases of Torch in ``torch.yaml``, and write the table of the symbols they export."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Final

import yaml
from packaging.utils import parse_wheel_filename
from packaging.version import Version
from pydantic import BaseModel, ConfigDict

from fromager_build_tags.errors import InputError
from fromager_build_tags.wheel.torch import torch_table
from fromager_build_tags.wheel.torch.torch_exports import TorchBuild, read_torch
from fromager_build_tags.wheel.torch.torch_table import TorchTable

from .catalogue import HERE
from .fetch import fetched

FILE: Final = HERE / "torch.yaml"
LIMIT: Final = 2_000_000
TABLE: Final = Path(torch_table.__file__).with_name(torch_table.FILE)


class Releases(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    python: str
    """Version of Python that the wheels are for."""
    platforms: dict[str, tuple[str, ...]]
    """Platform tags to accept, as pip takes them, for each machine."""
    releases: tuple[str, ...]


def load(path: Path = FILE) -> Releases:
    """Read and check the list."""
    return Releases.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def read_builds(
    plan: Releases, releases: Collection[str], folder: Path | None = None
) -> Iterator[TorchBuild]:
    """Read the builds of releases for each machine, one after the other.

    One with an accelerator gives another one, without it: the libraries that every build has,
    which builds for accelerators that the registry has no wheels for have, too.

    Args:
        plan: where wheels come from, and for which machines.
        releases: those to read.
        folder: wheels that lie there are read, and not fetched.

    Raises:
        InputError: pip provides no wheel.
        WheelError: a wheel cannot be read.
    """
    for release in releases:
        for machine, platforms in plan.platforms.items():
            with _wheel(plan.python, platforms, release, machine, folder) as path:
                for build in read_torch(path):
                    yield replace(build, source="")
                    if build.accelerator is not None:
                        yield replace(build, source="", accelerator=None, exports=build.common)


def _wheel(
    python: str, platforms: Collection[str], release: str, machine: str, folder: Path | None
) -> AbstractContextManager[Path]:
    for path in sorted(folder.glob("torch-*.whl")) if folder else ():
        _, version, _, tags = parse_wheel_filename(path.name)
        if version == Version(release) and any(each.platform.endswith(machine) for each in tags):
            return nullcontext(path)
    return fetched(f"torch=={release}", python, platforms)


def updated(
    table: TorchTable, releases: Collection[str], builds: Iterable[TorchBuild]
) -> TorchTable:
    """Return a table with builds of releases, in the place of those that it has."""
    versions = {Version(each) for each in releases}
    kept = (part for part in table.parts() if part[0].version not in versions)
    return TorchTable.join([*kept, *TorchTable.of(builds).parts()])


def write(table: TorchTable) -> int:
    """Write the shipped table; return its size in bytes.

    Raises:
        InputError: it is too large to ship.
    """
    data = table.dump()
    if len(data) > LIMIT:
        raise InputError(f"the table has {len(data):,} bytes; {LIMIT:,} are shipped at most")
    TABLE.write_bytes(data)
    return len(data)
