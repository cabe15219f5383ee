"""Overrides that fromager cannot load: no traceback; ``check`` reports the rest, too."""

from __future__ import annotations

import inspect
import json
import pathlib

import pytest
from stevedore.extension import ExtensionManager

from ..conftest import Cli, Install
from ..repositories import Checkout
from ..trees import GOOD, ROCM, ROCM_FILE, write_tree

COMMANDS = [
    ["lock"],
    ["--variant=rocm", "show"],
    ["--variant=rocm", "show", "torch"],
    ["--variant=rocm", "explain", "torch"],
    ["review", "HEAD"],
    ["bump", "HEAD", "-m", "x"],
]
DEMO = "fromager.project_overrides: demo = "
TWICE = (
    f"demo is registered more than once: {DEMO}acme_demo (acme 1.0) and {DEMO}other_demo "
    "(other 1.0): uninstall all but one of these distributions, or remove an entry point"
)
BROKEN = (
    f"fromager cannot load the overrides: fix or uninstall {DEMO}acme_demo (acme 1.0), which "
    "does not load because No module named 'no_such_module'"
)


crashes = pytest.mark.skipif(
    "conflict_resolver" not in inspect.signature(ExtensionManager.__init__).parameters,
    reason="this stevedore takes the last of the two in silence",
)


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> None:
    checkout = Checkout.create(tmp_path, GOOD)
    checkout.write({ROCM_FILE: ROCM.replace("7.1", "7.2")})


@pytest.fixture
def twice(tree: None, install: Install) -> None:
    install("acme", {"demo": ""})
    install("other", {"demo": ""})


@pytest.fixture
def broken(tree: None, install: Install) -> None:
    install("acme", {"a": "", "demo": "import no_such_module\n", "torch": ""})


@crashes
@pytest.mark.parametrize("args", COMMANDS)
def test_two_of_one_package_are_one_error(cli: Cli, twice: None, args: list[str]) -> None:
    assert cli(*args, status=1).stderr == f"Error: {TWICE}\n"


@pytest.mark.parametrize("args", COMMANDS)
def test_one_that_cannot_be_imported_is_one_error(cli: Cli, broken: None, args: list[str]) -> None:
    assert cli(*args, status=1).stderr == f"Error: {BROKEN}\n"


def test_one_that_ends_python_is_one_error(cli: Cli, tree: None, install: Install) -> None:
    """fromager itself ends without a message, with the status of the override."""
    install("acme", {"a": "", "demo": "raise SystemExit(0)\n", "torch": ""})
    assert cli("lock", status=1).stderr == (
        f"Error: fromager cannot load the overrides: fix or uninstall {DEMO}acme_demo (acme 1.0), "
        "which does not load because it calls exit(0) when it is imported\n"
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("    exit(0)", "SystemExit(0)"),
        ("    exit()", "SystemExit(None)"),
        ("    class Stop(BaseException): ...\n    raise Stop('now')", "Stop(now)"),
    ],
)
@pytest.mark.parametrize("args", COMMANDS)
def test_one_that_ends_python_when_it_is_searched(
    cli: Cli, tree: None, install: Install, content: str, error: str, args: list[str]
) -> None:
    """A module can have a function that runs when a name in it is searched."""
    install("acme", {"torch": f"def __getattr__(name):\n{content}\n"})
    result = cli(*args, status=1)
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert result.stderr.endswith(f"{error}\n")


ONCE = """
import pathlib
marker = pathlib.Path("loaded")
if not marker.exists():
    marker.touch()
    raise RuntimeError("not yet")
"""


def test_one_that_loads_at_the_second_try(cli: Cli, tree: None, install: Install) -> None:
    """The error names no override, since each of them loads."""
    install("acme", {"demo": ONCE})
    assert cli("lock", status=1).stderr == (
        "Error: fromager cannot load the overrides because failed to load overrides for demo "
        "because not yet\n"
    )


def findings(cli: Cli) -> tuple[list[tuple[str, str, str]], str]:
    result = cli("check", "--format", "json", status=1)
    found = json.loads(result.stdout)["findings"]
    return [(each["code"], each["subject"], each["message"]) for each in found], result.stderr


@crashes
def test_check_finds_two_of_one_package(cli: Cli, twice: None) -> None:
    message = f"demo is registered by {DEMO}acme_demo (acme 1.0) and {DEMO}other_demo (other 1.0)"
    found, stderr = findings(cli)
    assert found == [("BT108", "demo", message)]
    assert stderr == f"Error: the settings are not checked: {TWICE}\n"


def test_a_duplicate_that_fromager_accepts_is_found_too(
    cli: Cli, tree: None, tmp_path: pathlib.Path, install: Install
) -> None:
    """It crashes only where the two come next to each other."""
    install("acme", {"a": "", "demo": "", "b": ""})
    install("other", {"c": "", "demo": "", "d": ""})
    write_tree(tmp_path, {ROCM_FILE: None})
    found, stderr = findings(cli)
    assert [each[0] for each in found] == ["BT108", "BT101"]
    assert stderr == ""


def test_check_finds_one_that_cannot_be_imported(cli: Cli, broken: None) -> None:
    """It also reports the other findings about overrides."""
    found, stderr = findings(cli)
    assert [each[:2] for each in found] == [("BT120", "demo"), ("BT110", "torch")]
    assert found[0][2] == (
        f"{DEMO}acme_demo (acme 1.0) does not load because No module named 'no_such_module'"
    )
    assert stderr == f"Error: the settings are not checked: {BROKEN}\n"


def test_unchecked_overrides_are_not_a_success(
    cli: Cli, broken: None, tmp_path: pathlib.Path
) -> None:
    """A package may ignore the rule; its settings are unchecked all the same."""
    demo = 'annotations: {build-tags.ignore.BT120: "we know"}\n'
    write_tree(tmp_path, {"settings/packages/demo.yaml": demo})
    result = cli("check", status=1)
    assert "0 errors" not in result.stdout
    assert result.stderr == f"Error: the settings are not checked: {BROKEN}\n"
    cli("check", "--exit-zero")


def test_overrides_that_load(cli: Cli, tree: None, install: Install) -> None:
    install("acme", {"demo": ""})
    install("other", {"pillow": ""})
    assert cli("check").stdout.startswith("All checks passed: ")
    assert (
        cli("lock").stderr
        == "settings/build-tags.lock is written\nNext: commit it with the settings\n"
    )


def test_an_override_of_this_project_is_found_by_file_and_line(
    cli: Cli, tree: None, install: Install
) -> None:
    """An override that is installed elsewhere has no place in the project."""
    install("acme", {"demo": "\n\ndef wheel_build_tag(*, version): ...\n", "torch": ""})
    found = json.loads(cli("check", "--format", "json", status=1).stdout)["findings"]
    assert [(each["code"], each["file"], each["line"]) for each in found] == [
        ("BT109", "site-packages/acme_demo.py", 3),
        ("BT110", "site-packages/acme_torch.py", None),
    ]


def test_every_result_has_a_place_in_sarif(cli: Cli, twice: None) -> None:
    """GitHub refuses a log with a result that has none."""
    log = json.loads(cli("check", "--format", "sarif", status=1).stdout)
    [result] = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "settings/settings.yaml"},
        "region": {"startLine": 1},
    }
    [issue] = json.loads(cli("check", "--format", "gitlab", status=1).stdout)
    assert issue["location"] == {"path": "settings/settings.yaml", "lines": {"begin": 1}}
