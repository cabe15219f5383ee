"""What golden cases need: the switch that writes expectations, and a version that stays."""

from __future__ import annotations

import os
from importlib import metadata

import pytest

from fromager_build_tags.report import ci_report

#: Set it to write what the code gives now into the cases, and read the difference in git.
REGENERATE = "REGENERATE_GOLDEN"


@pytest.fixture
def regenerate() -> bool:
    return bool(os.environ.get(REGENERATE))


@pytest.fixture(autouse=True)
def pages_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """SARIF contains the pages of rules: a new wording there must not change a case."""
    monkeypatch.setattr(
        ci_report, "page", lambda code: f"# {code}\n\n**how bad**\n\nWhat it says.\n"
    )


@pytest.fixture(autouse=True)
def version_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """SARIF contains the version of this package: a release must not change a case."""
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.0")
