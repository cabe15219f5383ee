"""Settings that no one should write, and what ``check`` and ``review`` make of them."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping

import pytest
import yaml

from fromager_build_tags.errors import SettingsError
from fromager_build_tags.settings.yamlfile import parse_yaml_mapping, refuse_endless

from ..conftest import Cli
from ..repositories import Checkout
from ..trees import GOOD, ROCM, ROCM_FILE, SETTINGS, SETTINGS_FILE, TORCH, TORCH_FILE

DEMO = "settings/packages/demo.yaml"


def bomb(levels: int) -> str:
    """Aliases of aliases: nine times as many values a level."""
    lines = ["env: {}", "changelog:", '  "0": &a0 [x, x, x, x, x, x, x, x, x]']
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f'  "{level}": &a{level} [{aliases}]')
    return "\n".join(lines) + "\n"


#: A file, and a part of the message.
BROKEN = [
    # tabs, with their place
    (
        "env:\n\tA: '1'\n",
        ".yaml:2 is not valid YAML: found character '\\t' that cannot start any token, while "
        "scanning for the next token",
    ),
    (f"env: {'[' * 1_000}", "maximum recursion depth exceeded"),
    (f"env: {'{a: ' * 1_000}", "maximum recursion depth exceeded"),
    (bomb(12), "with its aliases it contains more than 100,000 values"),
    ("env: &loop\n  A: *loop\n", "with its aliases it contains more than 100,000 values"),
    ("# " + "x" * 10_000_000, "is larger than 1,000,000 bytes"),
    ("env: *nowhere\n", "found undefined alias"),
    ("\0", "unacceptable character"),
    ("- a\n", "not a mapping of keys"),
    ("!!python/object:os.system {}\n", "could not determine a constructor"),
    ("env: {A: '1'}\n---\nenv: {}\n", "expected a single document"),
    ("changelog: {1.0.x.y: []}\n", "1.0.x.y"),
]


#: A test is not to be called by ten megabytes.
IDS = [
    "tab",
    "deep-list",
    "deep-map",
    "bomb",
    "loop",
    "huge",
    "undefined-alias",
    "control",
    "list",
    "python",
    "two-documents",
    "no-version",
]


@pytest.mark.parametrize(("content", "message"), BROKEN, ids=IDS)
def test_a_package_file_that_is_broken(
    cli: Cli, tmp_path: pathlib.Path, content: str, message: str
) -> None:
    """Check names the file on one line; review leaves its package out, and compares the rest."""
    checkout = Checkout.create(tmp_path, GOOD)
    checkout.write({DEMO: content, ROCM_FILE: ROCM.replace("7.1", "7.2")})
    error = cli("check", status=1).stderr
    assert error.startswith("Error: fromager cannot load the settings because ")
    assert error.count("\n") == 1
    assert "demo" in error
    assert message in error
    report = json.loads(cli("review", "--format", "json", status=1).stdout)
    [finding] = report["findings"]
    assert (finding["code"], finding["file"], finding["subject"]) == ("BT207", DEMO, "demo")
    assert message in finding["message"]
    assert {each["package"] for each in report["changes"]} == {"torch", "flash-attn"}


@pytest.mark.parametrize(("content", "message"), BROKEN[:6], ids=IDS[:6])
def test_global_settings_that_are_broken(
    cli: Cli, tmp_path: pathlib.Path, content: str, message: str
) -> None:
    checkout = Checkout.create(tmp_path, GOOD)
    checkout.write({SETTINGS_FILE: content})
    for command, start in [
        ("check", "fromager cannot load"),
        ("lock", "fromager cannot load"),
        (
            "review",
            "the build tags of the working tree cannot be computed because fromager cannot load",
        ),
    ]:
        error = cli(command, status=1).stderr
        assert error.startswith(f"Error: {start} the settings because {SETTINGS_FILE}")
        assert error.count("\n") == 1
        assert message in error


@pytest.mark.parametrize("content", [content for content, _ in BROKEN[:9]], ids=IDS[:9])
def test_a_variant_file_that_is_broken(cli: Cli, tmp_path: pathlib.Path, content: str) -> None:
    checkout = Checkout.create(tmp_path, GOOD)
    checkout.write({ROCM_FILE: content, DEMO: TORCH})
    report = json.loads(cli("check", "--format", "json", status=1).stdout)
    assert ("BT115", ROCM_FILE) in {(each["code"], each["file"]) for each in report["findings"]}
    report = json.loads(cli("review", "--format", "json", status=1).stdout)
    assert [(each["code"], each["file"]) for each in report["findings"]] == [("BT207", ROCM_FILE)]


def test_every_broken_file_is_named(cli: Cli, tmp_path: pathlib.Path) -> None:
    Checkout.create(tmp_path, {**GOOD, DEMO: "a: [\n", SETTINGS_FILE: "b: [\n", TORCH_FILE: "c: 1"})
    error = cli("check", status=1).stderr
    node = "is not valid YAML: expected the node content, but found '<stream end>'"
    assert error == (
        "Error: fromager cannot load the settings because "
        f"{SETTINGS_FILE}:2 {node}, while parsing a flow node; "
        f"{DEMO}:2 {node}, while parsing a flow node; {TORCH_FILE}:1: unknown key 'c'\n"
    )


def test_a_key_that_fromager_refuses_is_reported_with_its_line(
    cli: Cli, tmp_path: pathlib.Path
) -> None:
    Checkout.create(tmp_path, {**GOOD, DEMO: "variants:\n  rocm:\n    pre_built: [1]\n"})
    assert cli("check", status=1).stderr == (
        f"Error: fromager cannot load the settings because {DEMO}:3: variants.rocm.pre_built: [1] "
        "is refused: Input should be a valid boolean\n"
    )


def test_a_version_that_yaml_takes_for_a_number(cli: Cli, tmp_path: pathlib.Path) -> None:
    Checkout.create(tmp_path, {**GOOD, DEMO: "changelog:\n  2.10:\n    - first\n"})
    assert cli("check", status=1).stderr == (
        f"Error: fromager cannot load the settings because {DEMO}:2: 2.10 is a YAML number, "
        "which drops zeros: quote it\n"
    )


def test_a_version_that_yaml_takes_for_a_number_and_merges(
    cli: Cli, tmp_path: pathlib.Path
) -> None:
    merged = "changelog:\n  <<: {2.10: [a]}\n  '1': [b]\n"
    Checkout.create(tmp_path, {**GOOD, DEMO: merged})
    assert cli("check", status=1).stderr == (
        f"Error: fromager cannot load the settings because {DEMO}:1: 2.1 is a YAML number, "
        "which drops zeros: quote it\n"
    )


SHARED = """\
env: &shared
  A: "1"
variants:
  rocm:
    env:
      <<: *shared
      B: "2"
changelog:
  "1.0": &entries
    - first
    - second
  "2.0": *entries
"""


def test_anchors_and_merges_are_right(cli: Cli, tmp_path: pathlib.Path) -> None:
    checkout = Checkout.create(tmp_path, GOOD)
    checkout.write({DEMO: SHARED})
    assert cli("check").stdout.startswith("All checks passed: ")
    changes = json.loads(cli("review", "--format", "json").stdout)["changes"]
    assert [(each["version"], each["after"]) for each in changes] == [
        ("1.0", "3_el9.6"),
        ("2.0", "3_el9.6"),
    ]


@pytest.mark.parametrize("text", ["", "# none yet\n", "---\n", "--- # why\n...\n", "null\n", "~"])
def test_a_file_without_a_value_is_empty(cli: Cli, tmp_path: pathlib.Path, text: str) -> None:
    flash = "settings/packages/flash_attn.yaml"
    with_flash = {flash: 'changelog: {"2.8.3": [first]}\n'}
    checkout = Checkout.create(tmp_path, {**GOOD, **with_flash})
    checkout.write({flash: text, DEMO: text, "settings/variants/cpu.yaml": text})
    # the new variant has no changelog; nothing is wrong with the files
    assert cli("check", status=1).stdout.endswith("\n2 errors, 2 warnings\n")
    assert "flash-attn" in cli("show", "--all-variants").stdout
    assert "error" not in cli("lock", "-o", "new.lock").stderr
    assert "BT207" not in cli("review", status=1).stdout
    cli("bump", "-m", "x")
    assert yaml.safe_load((tmp_path / flash).read_text()) == {"changelog": {"2.8.3": ["x", "x"]}}


def test_bump_leaves_a_list_alone_that_two_versions_share(cli: Cli, tmp_path: pathlib.Path) -> None:
    """An entry there would raise the other version, too."""
    flash = "settings/packages/flash_attn.yaml"
    text = SHARED.replace('"1.0"', '"2.8.3"')
    checkout = Checkout.create(tmp_path, {**GOOD, flash: text})
    checkout.write({ROCM_FILE: ROCM.replace("2.9.1", "2.10.0")})
    error = cli("bump", "-m", "x", status=1).stderr
    assert (
        f"flash-attn 2.8.3 needs 1 entry more in {flash}: its YAML has a form that nothing can be "
        "added to: edit the file by hand\n"
    ) in error
    assert (tmp_path / flash).read_text() == text


@pytest.mark.parametrize(
    ("files", "status", "expected"),
    [
        # YAML takes the last of them, and fromager what YAML takes: the number falls
        (
            {TORCH_FILE: 'changelog:\n  "2.9.1":\n    - a\nchangelog:\n  "2.10.0":\n    - b\n'},
            1,
            [
                ("2.9.1", "2_el9.6_rocm7.1", "1_el9.6_rocm7.1"),
                ("2.10.0", "1_el9.6_rocm7.1", "2_el9.6_rocm7.1"),
            ],
        ),
        (
            {SETTINGS_FILE: f"{SETTINGS}  rocm:\n    - a\n    - b\n"},
            0,
            [
                ("2.9.1", "2_el9.6_rocm7.1", "3_el9.6_rocm7.1"),
                ("*", "1_el9.6_rocm7.1", "2_el9.6_rocm7.1"),
            ],
        ),
    ],
)
def test_what_a_key_does_that_is_given_twice_is_reviewed(
    cli: Cli,
    tmp_path: pathlib.Path,
    files: Mapping[str, str],
    status: int,
    expected: list[tuple[str, str, str]],
) -> None:
    checkout = Checkout.create(tmp_path, GOOD)
    checkout.write(files)
    report = json.loads(cli("review", "--format", "json", status=status).stdout)
    torch = [each for each in report["changes"] if each["package"] == "torch"]
    found = [(each["version"], each["before"], each["after"]) for each in torch]
    assert sorted(found) == sorted(expected)
    [path] = files
    twice = [{"what": "a duplicate key", "place": path}]
    assert [each["causes"] for each in torch] == [twice, twice]


@pytest.mark.parametrize("name", ["Torch.yaml", "TORCH.yaml"])
def test_a_package_file_whose_name_is_not_normal(
    cli: Cli, tmp_path: pathlib.Path, name: str
) -> None:
    path = f"settings/packages/{name}"
    checkout = Checkout.create(tmp_path, GOOD)
    checkout.write({TORCH_FILE: None, path: TORCH})
    assert cli("check").stdout.startswith("All checks passed: ")
    assert cli("review").stdout.startswith("No build tag changes")
    checkout.write({path: f"{TORCH}    - second\n"})
    [change] = json.loads(cli("review", "--format", "json").stdout)["changes"]
    assert (change["package"], change["after"]) == ("torch", "3_el9.6_rocm7.1")
    assert [each["place"] for each in change["causes"]] == [f"{path}:2"]


def test_flash_attn_in_capitals(cli: Cli, tmp_path: pathlib.Path) -> None:
    checkout = Checkout.create(tmp_path, GOOD)
    checkout.write({"settings/packages/Flash-Attn.yaml": 'changelog:\n  "2.8.3":\n    - first\n'})
    assert cli("check").stdout.startswith("All checks passed: ")
    [change] = json.loads(cli("review", "--format", "json").stdout)["changes"]
    assert (change["package"], change["after"]) == ("flash-attn", "2_el9.6_rocm7.1_torch2.9.1")
    assert [each["place"] for each in change["causes"]] == ["settings/packages/Flash-Attn.yaml:2"]


@pytest.mark.parametrize(
    "lock",
    ["<<<<<<< HEAD\n", "rubbish\n", "# build-tags.lock, format 9: x\n"],
)
def test_a_lock_that_is_none_stops_the_review_and_names_its_side(
    cli: Cli, tmp_path: pathlib.Path, lock: str
) -> None:
    checkout = Checkout.create(tmp_path, {**GOOD, "settings/build-tags.lock": lock})
    error = cli("review", "HEAD", status=1).stderr
    assert error.startswith("Error: settings/build-tags.lock of HEAD")
    checkout.commit({"settings/build-tags.lock": None})
    checkout.write({"settings/build-tags.lock": lock})
    error = cli("review", "HEAD", status=1).stderr
    assert error.startswith("Error: settings/build-tags.lock of the working tree")


def test_a_text_is_as_long_as_a_file_may_be() -> None:
    with pytest.raises(SettingsError, match=r"^f is larger than 1,000,000 bytes$"):
        parse_yaml_mapping("#" * 1_000_001, pathlib.Path("f"))


@pytest.mark.parametrize(
    "content", ["", "# & *\n", "a: &b {c: [1]}\nd: *b\n", "a: &b x\n? [*b]\n: *b\n"]
)
def test_what_ends_is_not_refused(tmp_path: pathlib.Path, content: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(content)
    refuse_endless(path)


def test_what_does_not_end_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(bomb(4))  # 9 + 81 + 729 + 6561
    refuse_endless(path)
    path.write_text(bomb(6))
    with pytest.raises(SettingsError) as caught:
        refuse_endless(path)
    assert str(caught.value) == (
        f"{path} is not valid YAML: with its aliases it contains more than 100,000 values"
    )
