"""The Torch wheels of an index, with which the other wheels of the index are loaded."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..wheel.archive import WheelError
from ..wheel.torch.torch_exports import TorchBuild, read_torch_wheel
from ..wheel.torch.torch_loads import stands_for
from ..wheel.torch.torch_table import TorchTable
from . import Index
from .listing import IndexFile
from .select import PLAIN, select, select_newest
from .status import IndexWheel, group_files
from .targets import targets_of

TORCH: Final = canonicalize_name("torch")


class TorchBuilds:
    """The builds of Torch in an index; each is read once, and only if a wheel needs it."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._wheels: Sequence[IndexWheel] | None = None
        self._read: dict[str, TorchBuild | None] = {}

    def table(self, wheel: IndexWheel, versions: Iterable[Version]) -> TorchTable | None:
        """Return the builds that pip installs with a wheel: one for each of these versions.

        A version without a patch number stands for the newest such release.

        Returns:
            None if the index has no Torch wheel of one of them, or none that can be read.
        """
        with self._lock:
            found = [self._build(wheel, version) for version in versions]
        builds = [each for each in found if each is not None]
        return TorchTable.of(builds) if builds and len(builds) == len(found) else None

    def _build(self, wheel: IndexWheel, version: Version) -> TorchBuild | None:
        selected = self._selected(wheel, version)
        if selected is None:
            return None
        location = selected.file.location
        if location not in self._read:
            self._read[location] = self._open(selected.file)
        return self._read[location]

    def _open(self, file: IndexFile) -> TorchBuild | None:
        try:
            with self._index.open(file) as archive:
                return read_torch_wheel(archive)
        except WheelError:  # which is a finding about that wheel, unless it contains no Torch
            return None

    def _selected(self, wheel: IndexWheel, version: Version) -> IndexWheel | None:
        """Return the Torch wheel that is selected on the first target that both wheels fit."""
        if self._wheels is None:
            grouped = group_files(self._index.project(TORCH).files).wheels.values()
            self._wheels = [each for wheels in grouped for each in wheels]
        rivals = [each for each in self._wheels if stands_for(version, each.name.version)]
        labels = (wheel.name.label, *PLAIN)  # those that the machine accepts which has the wheel
        for target in targets_of(each.name for each in rivals):
            best = select_newest(rivals, target, labels=labels)
            if best and select([wheel], target, labels=labels):
                return best
        return None
