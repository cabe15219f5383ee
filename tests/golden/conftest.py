"""What golden cases need: the switch that writes expectations, and a version that stays."""

from __future__ import annotations

import os
from importlib import metadata

import pytest

#: Set it to write what the code gives now into the cases, and read the difference in git.
REGENERATE = "REGENERATE_GOLDEN"


@pytest.fixture
def regenerate() -> bool:
    return bool(os.environ.get(REGENERATE))


@pytest.fixture(autouse=True)
def version_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """SARIF tells the version of this package: no release must change a case."""
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.0")
