"""Settings that no one should write, and what ``check`` and ``review`` make of them."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Mapping

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.errors import EditError, SettingsError
from fromager_build_tags.settings import tree
from fromager_build_tags.settings.yamledit import add
from fromager_build_tags.settings.yamlfile import load_yaml_mapping, parse_yaml_mapping

from ..conftest import Cli
from ..repositories import Checkout
from ..trees import GOOD, ROCM, ROCM_FILE, SETTINGS, SETTINGS_FILE, TORCH, TORCH_FILE, write_tree

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
    ("# " + "x" * 2_000_000, "is larger than 1,000,000 bytes"),
    ("env: *nowhere\n", "found undefined alias"),
    ("\0", "unacceptable character"),
    ("- a\n", "not a mapping of keys"),
    ("env: !!python/object:os.system {}\n", "could not determine a constructor"),
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
    assert {each["package"] for each in report["changes"]} == {"torch"}


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


@pytest.mark.parametrize("content", ["", "# & *\n", "a: &b {c: [1]}\nd: *b\n", bomb(4)])
def test_what_ends_is_not_refused(content: str) -> None:
    assert load_yaml_mapping(content, pathlib.Path("f")) == (yaml.safe_load(content) or {})


def test_what_does_not_end_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        load_yaml_mapping(bomb(6), pathlib.Path("f"))
    assert str(caught.value) == (
        "f is not valid YAML: with its aliases it contains more than 100,000 values"
    )


#: A value that PyYAML cannot make, and the problem.
BAD_VALUES = [
    ("!!timestamp x", "'x' cannot be read as timestamp"),
    ("2024-13-45", "'2024-13-45' cannot be read as timestamp"),
    ("!!float ''", "'' cannot be read as float"),
    ("!!float {=: x}", "this cannot be read as float"),
    ("!!int '0x'", "'0x' cannot be read as int"),
    ("!!int ''", "'' cannot be read as int"),
    ("!!int 1:x:1", "'1:x:1' cannot be read as int"),
    ("!!bool x", "'x' cannot be read as bool"),
    ("!!binary 'é'", "failed to convert base64 data into ascii"),
    ("!!binary x", "failed to decode base64 data"),
    ("!!omap [1]", "expected a mapping of length 1, but found scalar"),
    ("!!pairs x", "expected a sequence, but found scalar"),
    ("!!set [1]", "expected a mapping node, but found sequence"),
    ("!!str [1]", "expected a scalar node, but found sequence"),
    ("{? {a: 1}}", "found unhashable key"),
    ("{<<: 1}", "expected a mapping or list of mappings for merging"),
    ("!unknown x", "could not determine a constructor for the tag '!unknown'"),
    ("1" * 5_000, f"'{'1' * 98}… cannot be read as int"),
    ("1" + ":1" * 5_000, "cannot be read as int"),
]


@pytest.mark.parametrize(("value", "problem"), BAD_VALUES, ids=lambda each: each[:20])
@pytest.mark.parametrize("name", [SETTINGS_FILE, DEMO, ROCM_FILE])
def test_a_value_that_cannot_be_made_is_reported_with_its_line(
    cli: Cli, tmp_path: pathlib.Path, name: str, value: str, problem: str
) -> None:
    write_tree(tmp_path, {**GOOD, name: f"# a comment\nfirst: {value}\n"})
    output = cli("check", status=1).output
    assert f"{name}:2 is not valid YAML: " in output
    assert problem in output
    with pytest.raises(EditError, match=r"^it is not valid YAML$"):
        add(f"first: {value}\n", ["annotations", "x"], "y")


TAGS = ("!!int", "!!float", "!!timestamp", "!!bool", "!!binary", "!!omap", "!!set", "!!null", "!x")
SCALARS = st.one_of(
    st.text(alphabet="0123456789:-.xe_ TZ+~=", max_size=12).map("'{}'".format),
    st.text(alphabet="0123456789:.-_xeTZ+", min_size=1, max_size=12),
    st.sampled_from(["{}", "[]", "[1]", "{=: 1}", "&a 1", "*a", "<<", "{<<: [*a]}", "? {}", "~"]),
)
VALUES = st.tuples(st.sampled_from([*TAGS, ""]), SCALARS).map(" ".join)


@given(st.lists(st.tuples(st.sampled_from("abc"), VALUES), max_size=4))
def test_any_yaml_is_one_error_with_the_file_or_as_pyyaml_reads_it(
    pairs: list[tuple[str, str]],
) -> None:
    content = "".join(f"{key}: {value}\n" for key, value in pairs)
    try:
        found, error = repr(load_yaml_mapping(content, pathlib.Path("f"))), ""
    except SettingsError as err:
        found, error = "", str(err)
    try:
        expected = repr(yaml.safe_load(content) or {})
    except Exception:  # noqa: BLE001 - of many types
        expected = ""
    assert found == expected
    assert found or re.match(r"f:\d+ is not valid YAML: .", error)


def test_a_file_with_too_many_values() -> None:
    with pytest.raises(SettingsError) as caught:
        load_yaml_mapping("a:\n" + "- 1\n" * 20_001, pathlib.Path("f"))
    assert str(caught.value) == ("f:20000 is not valid YAML: it contains more than 20,000 values")


def test_only_some_reasons_of_many_are_shown(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {**GOOD, DEMO: "".join(f"k{number}: 1\n" for number in range(1000))})
    error = cli("check", status=1).stderr
    assert error.count("unknown key") == 20
    assert error.endswith(" and 980 more\n")


def test_a_bad_key_beside_a_repeated_one_hides_no_other_file(
    cli: Cli, tmp_path: pathlib.Path
) -> None:
    wrong = "unknown: 1\nunknown: 1\n"
    write_tree(tmp_path, {**GOOD, DEMO: wrong, TORCH_FILE: wrong})
    error = cli("check", status=1).stderr
    for name in (DEMO, TORCH_FILE):
        assert f"{name}:2 sets the key 'unknown' again, after line 1" in error


def test_the_files_of_a_tree_are_limited_together(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "_LARGEST_TREE", len(TORCH))
    write_tree(tmp_path, GOOD)
    cli("check")
    write_tree(tmp_path, {DEMO: "#"})
    assert cli("check", status=1).stderr == (
        f"Error: the files in settings/packages are larger than {len(TORCH)} bytes together\n"
    )


@pytest.mark.parametrize("command", ["show", "lock", "check"])
@pytest.mark.parametrize(
    ("folder", "name"),
    [("not valid!-1.0", "'not valid!'"), ("-1.0", "''"), ("a\x1b[31mb", r"'a\x1b[31mb'")],
)
def test_a_folder_of_patches_without_a_package(
    command: str, folder: str, name: str, cli: Cli, tmp_path: pathlib.Path
) -> None:
    write_tree(tmp_path, {**GOOD, f"patches/{folder}/1.patch": ""})
    assert cli("--patches-dir", "patches", command, status=1).stderr.splitlines()[-1] == (
        "Error: a folder in patches, or a registered override, has an invalid package name (name "
        f"is invalid: {name}): rename the folder to PACKAGE-VERSION"
    )
