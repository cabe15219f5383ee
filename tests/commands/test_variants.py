"""An override that returns other segments for each variant, whatever ``--variant`` is."""

from __future__ import annotations

import json
import pathlib

import pytest

from ..conftest import Cli, Install
from ..index.wheels import write_wheel
from ..plan.test_planner import FILES, README
from ..repositories import Checkout
from ..trees import write_tree

PLATFORM = "-cp312-cp312-linux_x86_64.whl"
#: What fromager builds, and what a plan with the context of cpu gives.
BUILT = f"first-1-3_el9.6_cuda13.0_torch2.9.1{PLATFORM}"
OF_CPU = f"first-1-3_el9.6_torch2.9.1{PLATFORM}"
CUDA_FILE = "settings/variants/cuda.yaml"

pytestmark = pytest.mark.parametrize("of_command_line", ["cpu", "cuda"])


@pytest.fixture(autouse=True)
def tree(tmp_path: pathlib.Path, install: Install, two_overrides: None) -> None:
    write_tree(tmp_path, FILES)
    install("acme", {"first": README})


def test_explain(cli: Cli, of_command_line: str) -> None:
    tag = {"cpu": "2_el9.6_torch2.10.0", "cuda": "3_el9.6_cuda13.0_torch2.9.1"}[of_command_line]
    text = cli("--variant", of_command_line, "explain", "first==1").stdout
    assert f"  platlib wheel  first-1-{tag}\n" in text


def test_audit(cli: Cli, tmp_path: pathlib.Path, of_command_line: str) -> None:
    write_wheel(tmp_path / "idx" / BUILT)
    assert _about_first(cli, of_command_line) == []
    write_wheel(tmp_path / "idx" / OF_CPU)
    assert any(OF_CPU in message for message in _about_first(cli, of_command_line))


def _about_first(cli: Cli, of_command_line: str) -> list[str]:
    on = ("--variant", of_command_line)
    text = cli(*on, "audit", "cuda=idx", "--format", "json", "--exit-zero").stdout
    found = json.loads(text)["findings"]
    return [each["message"] for each in found if each["subject"] == "first"]


def test_prune(cli: Cli, tmp_path: pathlib.Path, of_command_line: str) -> None:
    for name in (BUILT, OF_CPU):
        write_wheel(tmp_path / "idx" / name)
    cli("--variant", of_command_line, "prune", "cuda=idx", "--delete")
    assert (tmp_path / "idx" / BUILT).exists()


@pytest.mark.parametrize("is_locked", [False, True])
def test_review_and_bump(
    cli: Cli, tmp_path: pathlib.Path, of_command_line: str, *, is_locked: bool
) -> None:
    on = ("--variant", of_command_line)
    checkout = Checkout.create(tmp_path, FILES)
    if is_locked:
        cli(*on, "lock")
        checkout.commit({})
    checkout.write({CUDA_FILE: FILES[CUDA_FILE].replace("2.9.1", "2.10.0")})
    if is_locked:
        cli(*on, "lock")
    report = json.loads(cli(*on, "review", "--format", "json", status=1).stdout)
    before, after = "el9.6_cuda13.0_torch2.9.1", "el9.6_cuda13.0_torch2.10.0"
    assert {
        (each["variant"], each["version"], each["before"], each["after"])
        for each in report["changes"]
        if each["package"] == "first"
    } == {
        ("cuda", "1", f"3_{before}", f"3_{after}"),
        ("cuda", "*", f"2_{before}", f"2_{after}"),
    }
    cli(*on, "bump", "-m", "rebuilt")
    assert "{'1': [a, \"rebuilt\"]}" in (tmp_path / "settings/packages/first.yaml").read_text()
    assert "rebuilt" not in (tmp_path / "settings/packages/second.yaml").read_text()
