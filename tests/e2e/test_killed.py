"""A command that is killed, or runs twice at once, leaves whole files and loses no wheel.

``KILLS=5000 pytest -m "" tests/e2e/test_killed.py`` kills each command that often.
"""

from __future__ import annotations

import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]
KILLS = os.environ.get("KILLS", "")


def runs(mode: str, commands: str, times: str) -> dict[str, int]:
    """Return how often each command ran; nothing may be wrong afterwards."""
    seed = str(random.randrange(10**6))
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.killing", mode, commands, times, seed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["wrong"] for each in results] == [[] for _ in results], f"seed {seed}"
    return {each["command"]: each["runs"] for each in results}


def test_the_next_run_completes_a_killed_one() -> None:
    counts = runs("killed", "lock,add,prune,init", KILLS or "2")
    assert counts.keys() == {"lock", "add", "prune", "init"}
    assert min(counts.values()) > 6  # each change of a file, too


@pytest.mark.weekly
def test_the_next_run_completes_a_killed_bump() -> None:
    assert runs("killed", "bump,module", KILLS or "20")["bump"] > 60


@pytest.mark.nightly
def test_a_killed_merge_leaves_the_old_or_the_new_pool() -> None:
    assert runs("killed", "merge", KILLS or "20")["merge"] > 60


@pytest.mark.nightly
def test_two_runs_at_once_are_one() -> None:
    commands = ["bump", "lock", "add", "init", "merge"]
    counts = runs("at-once", ",".join(commands), KILLS or "10")
    assert counts == dict.fromkeys(commands, int(KILLS or "10"))
