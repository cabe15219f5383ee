"""The lock: its text, and the errors of invalid ones."""

from __future__ import annotations

import io
import json
import pathlib

import pytest
from fromager.dependency_graph import DependencyGraph
from fromager.requirements_file import RequirementType
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from fromager_build_tags.errors import InputError
from fromager_build_tags.plan.locked_tags import ANY, Lock, LockedStack
from fromager_build_tags.plan.lockfile import format_lock, parse_lock
from fromager_build_tags.settings.hook import HOOK, NO_HOOK, Hook

from ..conftest import Cli
from ..review.tags import build_tag, locked_stack
from ..stack.test_key import KEYS
from ..tag.test_order import TAGS
from ..trees import GOOD, ROCM, ROCM_FILE, SETTINGS_FILE, TWO_PACKAGES, write_tree

HEADER = (
    "# build-tags.lock, format 2.0: the build tags that these settings give.\n"
    "# Made by `fromager-build-tags lock`: change the settings, not this file.\n"
)
WITH_HOOK = f"{HEADER}# Hook: {HOOK}\n"
TEXT = f"""\
{WITH_HOOK}
rocm: el9.6 rocm7.1 torch2.9.1
  * * 1_el9.6
  flash-attn * 1_el9.6_rocm7.1_torch2.9.1
  torch 2.9.1 2_el9.6_rocm7.1
  torch * 1_el9.6_rocm7.1
"""
LOCK = "settings/build-tags.lock"


def stack(variant: str, label: str, **tags: str) -> LockedStack:
    return locked_stack(variant, label, {(name, ANY): text for name, text in tags.items()})


def test_format() -> None:
    """Stacks by variant and label, packages by name, versions as versions, the rest last."""
    tags = {
        ("torch", ANY): "1_a",
        ("torch", "2.10.0"): "1_b",
        ("torch", "2.9.1"): "-",
        (ANY, ANY): "2_?",
        ("a", ANY): "3",
        ("odd", "not a version"): "1",
    }
    lock = Lock(
        stacks=(
            stack("rocm", "b"),
            locked_stack("rocm", "a", tags),
            stack("cuda-ubi9", "c", x="1"),
        )
    )
    assert format_lock(lock) == (
        f"{HEADER}\n"
        "cuda-ubi9: c\n"
        "  x * 1\n"
        "\n"
        "rocm: a\n"
        "  * * 2_?\n"
        "  a * 3\n"
        "  odd not a version 1\n"
        "  torch 2.9.1 -\n"
        "  torch 2.10.0 1_b\n"
        "  torch * 1_a\n"
        "\n"
        "rocm: b\n"
    )
    assert format_lock(Lock(stacks=())) == HEADER


_WORDS = st.text("abcxyz019-", min_size=1, max_size=8)
_NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
_VERSIONS = st.just(ANY) | st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True)
_STACKS = st.builds(
    lambda variant, key, tags: LockedStack(variant=variant, key=key, tags=tags),
    _WORDS,
    KEYS,
    st.dictionaries(
        st.tuples(st.just(ANY) | _NAMES, _VERSIONS),
        (TAGS | st.sampled_from(["-", "0_?", "12_?"])).map(build_tag),
        max_size=6,
    ),
)


_HOOKS = st.sampled_from([None, NO_HOOK, Hook(text=HOOK), Hook(text="No hook"), Hook(text="none")])


@given(st.lists(_STACKS, max_size=5, unique_by=lambda each: (each.variant, each.key)), _HOOKS)
def test_writing_and_reading_are_inverse(stacks: list[LockedStack], hook: Hook | None) -> None:
    ordered = sorted(stacks, key=lambda each: (each.variant, str(each.key)))
    text = format_lock(Lock(stacks=tuple(stacks), hook=hook))
    read = parse_lock(text, "lock")
    assert read == Lock(stacks=tuple(ordered), hook=hook)
    assert format_lock(read) == text
    assert format_lock(Lock(stacks=tuple(reversed(stacks)), hook=hook)) == text


NO_FORMAT = "f is not a lock file: its first line does not contain the format"
NINES = "9" * 5000
AGAIN = "write the lock again with `fromager-build-tags lock`"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"{NO_FORMAT}: {AGAIN}"),
        ("a: b\n", f"{NO_FORMAT}: {AGAIN}"),
        (
            "# a comment\n",
            f"{NO_FORMAT}: {AGAIN}",
        ),
        ("\0\0\n", f"{NO_FORMAT}: {AGAIN}"),
        (HEADER + "\n" * 100_001, f"f has more than 100,000 lines: {AGAIN}"),
        (
            HEADER.replace("format 2", "format 3"),
            "f has format 3, newer than 2: upgrade fromager-build-tags",
        ),
        (HEADER.replace("format 2", f"format {'1' * 5000}"), f"{NO_FORMAT}: {AGAIN}"),
        (
            HEADER.replace("format 2", "format 10") + "anything\n",
            "f has format 10, newer than 2: upgrade fromager-build-tags",
        ),
        (
            f"{HEADER}<<<<<<< HEAD\nrocm: a\n=======\nrocm: b\n>>>>>>> other\n",
            f"f:3: the lock file has conflict markers: {AGAIN}",
        ),
        (
            f"<<<<<<< HEAD\n{HEADER}=======\n# build-tags.lock, format 2: x\n>>>>>>> other\n",
            f"f:1: the lock file has conflict markers: {AGAIN}",
        ),
        (f"{HEADER}||||||| base\n", f"f:3: the lock file has conflict markers: {AGAIN}"),
        (f"{HEADER}garbage\n", f"f:3: 'garbage' is not a valid line: {AGAIN}"),
        (f"{HEADER}rocm:a\n", f"f:3: 'rocm:a' is not a valid line: {AGAIN}"),
        (f"{HEADER}  a * 1\n", f"f:3: '  a * 1' is not a valid line: {AGAIN}"),
        (f"{HEADER}rocm: a\n  a *\n", f"f:4: '  a *' is not a valid line: {AGAIN}"),
        (
            f"{HEADER}rocm: a\n  a * 1 2\n",
            f"f:4: '  a * 1 2' is not a valid line: {AGAIN}",
        ),
        (
            f"{HEADER}rocm: a\n  a * el9\n",
            f"f:4: '  a * el9' is not a valid line: {AGAIN}",
        ),
        (f"{HEADER}rocm: a\n  a * 1_\n", f"f:4: '  a * 1_' is not a valid line: {AGAIN}"),
        (f"{HEADER}rocm: a\n  a * ?\n", f"f:4: '  a * ?' is not a valid line: {AGAIN}"),
        (
            f"{HEADER}rocm: a\n  a * 1_a_?\n",
            f"f:4: '  a * 1_a_?' is not a valid line: {AGAIN}",
        ),
        (
            f"{HEADER}rocm: a\n  a * 1-b\n",
            f"f:4: '  a * 1-b' is not a valid line: {AGAIN}",
        ),
        (f"{HEADER}rocm: a\n  -a * 1\n", f"f:4: '-a' is not a package: {AGAIN}"),
        (f"{HEADER}rocm: a\n  a b 1\n", f"f:4: 'b' is not a version: {AGAIN}"),
        (f"{HEADER}rocm: a\n  a {NINES} 1\n", f"f:4: '{NINES[:80]}' is not a version: {AGAIN}"),
        (
            f"{HEADER}rocm: a\n  a <{NINES} 1\n",
            f"f:4: '<{NINES[:79]}' is not a version range: {AGAIN}",
        ),
        (
            f"{HEADER}rocm: a\n  a 1 {NINES}\n",
            f"f:4: '  a 1 {NINES[:74]}' is not a valid line: {AGAIN}",
        ),
        (f"{HEADER}rocm: a\n  a <b 1\n", f"f:4: '<b' is not a version range: {AGAIN}"),
        (
            f"{HEADER}rocm: a\n  a * 1\n  b * 1\n  a * 2\n",
            f"f:6: 'a * 2' is listed twice: {AGAIN}",
        ),
        (
            f"{HEADER}\nrocm: a\n  a * 1\n\n\nrocm: b\nrocm: c\n\n  a *\n",
            f"f:11: '  a *' is not a valid line: {AGAIN}",
        ),
    ],
)
def test_an_invalid_lock(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_lock(text, "f")
    assert str(caught.value) == message


def test_line_ends_and_spaces_do_not_matter() -> None:
    """Checkouts change line ends, and editors change spaces."""
    assert parse_lock(TEXT.replace("\n", "\r\n"), "f") == parse_lock(TEXT, "f")
    assert parse_lock(TEXT + "\n\n", "f") == parse_lock(TEXT, "f")
    assert parse_lock(TEXT.replace("\n\n", "\n"), "f") == parse_lock(TEXT, "f")
    assert parse_lock(TEXT.replace("\n", "\n\n"), "f") == parse_lock(TEXT, "f")


def test_a_stack_in_two_locks_is_read_once() -> None:
    [rocm] = parse_lock(TEXT, "f").stacks
    [same, _] = parse_lock(f"{TEXT}\nrocm: b\n  * * 1\n", "g").stacks
    assert same is rocm


def test_a_tag_that_nothing_names_is_the_next_wider_one() -> None:
    [rocm] = parse_lock(TEXT, "f").of_variant("rocm").values()
    assert str(rocm.tag("torch", "2.9.1")) == "2_el9.6_rocm7.1"
    assert str(rocm.tag("torch", "3")) == "1_el9.6_rocm7.1"
    assert str(rocm.tag("pillow", "3")) == "1_el9.6"
    assert stack("rocm", "a", b="1").tag("pillow", "3").is_none


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.9.1.0", "2_el9.6_rocm7.1"),
        ("2.9.1+rocm7.1", "2_el9.6_rocm7.1"),
        ("2.9.1.post1", "1_el9.6_rocm7.1"),
        ("not a version", "1_el9.6_rocm7.1"),
    ],
)
def test_a_version_is_found_however_it_is_spelled(version: str, expected: str) -> None:
    """fromager compares versions, and leaves the local part out."""
    [rocm] = parse_lock(TEXT, "f").of_variant("rocm").values()
    assert str(rocm.tag("torch", version)) == expected
    odd = TEXT.replace("torch 2.9.1", "torch 2.9.1.0+rocm7.1")
    [rocm] = parse_lock(odd, "f").of_variant("rocm").values()
    assert str(rocm.tag("torch", "2.9.1")) == "2_el9.6_rocm7.1"


def test_version_ranges_in_a_lock(cli: Cli, tmp_path: pathlib.Path) -> None:
    demo = "annotations: {build-tags.depends-on: 'torch if version < 0.29 else none'}\n"
    named = "changelog:\n  '0.29': [first]\n"
    write_tree(tmp_path, {**TWO_PACKAGES, "settings/packages/demo.yaml": demo + named})
    cli("lock")
    text = (tmp_path / "settings/build-tags.lock").read_text()
    assert "  demo 0.29 2_el9.6\n  demo <0.29 1_el9.6_torch2.9.1\n  flash-attn *" in text
    [stack] = parse_lock(text, "f").stacks
    assert format_lock(parse_lock(text, "f")) == text
    tags = {
        each: str(stack.tag("demo", each)) for each in ("0.28.1", "0.29.0", "0.30", "<0.29", "*")
    }
    assert tags == {
        "0.28.1": "1_el9.6_torch2.9.1",
        "0.29.0": "2_el9.6",
        "0.30": "1_el9.6",
        "<0.29": "1_el9.6_torch2.9.1",
        "*": "1_el9.6",
    }
    # a version without a changelog entry never matches the row of a version with one
    assert str(stack.tag("demo", "==0.29")) == "1_el9.6"
    assert str(stack.tag("demo", "nightly")) == "1_el9.6"
    assert stack.ranges == {"demo": ["<0.29"]}


NO_VARIANT = f'wheels: {{build_tag_hook: "{HOOK}"}}\n'


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_a_lock_without_variants_is_an_error(
    options: list[str], cli: Cli, tmp_path: pathlib.Path
) -> None:
    write_tree(tmp_path, {SETTINGS_FILE: NO_VARIANT, "settings/packages/torch.yaml": "{}\n"})
    assert cli("lock", *options, status=1).stderr == (
        f"Error: there is nothing to lock: neither the changelogs of {SETTINGS_FILE} nor files in "
        "settings/variants declare a variant; add one, such as settings/variants/cpu.yaml\n"
    )
    assert not (tmp_path / LOCK).exists()


def test_lock_writes_what_the_settings_give(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, TWO_PACKAGES)
    assert cli("lock").stderr == f"{LOCK} is written\nNext: commit it with the settings\n"
    assert (tmp_path / LOCK).read_text() == TEXT
    assert cli("lock").stderr == f"{LOCK} is up to date: 1 variant, 1 stack\n"
    assert sorted(path.name for path in (tmp_path / "settings").iterdir()) == [
        "build-tags.lock",
        "packages",
        "settings.yaml",
        "variants",
    ]


def test_check(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, TWO_PACKAGES)
    nothing = cli("lock", "--check", status=1)
    assert nothing.stdout.startswith(f"--- {LOCK}, as it is\n+++ {LOCK}, as the settings give it\n")
    assert not (tmp_path / LOCK).exists()
    cli("lock")
    assert cli("lock", "--check").stdout == ""
    write_tree(tmp_path, {ROCM_FILE: f"{ROCM}gpu_archs: [gfx942]\n"})
    assert cli("lock", "--check").stdout == ""  # no tag depends on GPU architectures
    write_tree(tmp_path, {ROCM_FILE: f"{ROCM}gpu_archs: [gfx942]\n"})
    assert cli("lock", "--check").stdout == ""  # no tag depends on GPU architectures
    write_tree(tmp_path, {ROCM_FILE: ROCM.replace("7.1", "7.2")})
    before = (tmp_path / LOCK).read_text()
    result = cli("lock", "--check", status=1)
    assert result.stdout == (
        f"--- {LOCK}, as it is\n"
        f"+++ {LOCK}, as the settings give it\n"
        "@@ -2,8 +2,8 @@\n"
        " # Made by `fromager-build-tags lock`: change the settings, not this file.\n"
        f" # Hook: {HOOK}\n"
        " \n"
        "-rocm: el9.6 rocm7.1 torch2.9.1\n"
        "+rocm: el9.6 rocm7.2 torch2.9.1\n"
        "   * * 1_el9.6\n"
        "-  flash-attn * 1_el9.6_rocm7.1_torch2.9.1\n"
        "-  torch 2.9.1 2_el9.6_rocm7.1\n"
        "-  torch * 1_el9.6_rocm7.1\n"
        "+  flash-attn * 1_el9.6_rocm7.2_torch2.9.1\n"
        "+  torch 2.9.1 2_el9.6_rocm7.2\n"
        "+  torch * 1_el9.6_rocm7.2\n"
    )
    assert result.stderr == f"{LOCK} is out of date: run `fromager-build-tags lock`\n"
    assert (tmp_path / LOCK).read_text() == before


def test_check_reports_an_invalid_lock(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {**TWO_PACKAGES, LOCK: "rubbish\n"})
    assert cli("lock", "--check", status=1).stderr == (
        f"Error: {NO_FORMAT.replace('f is', f'{LOCK} is', 1)}: {AGAIN}\n"
    )
    cli("lock")
    assert (tmp_path / LOCK).read_text() == TEXT


def test_an_undeclared_fact_is_a_question_mark(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {**TWO_PACKAGES, ROCM_FILE: 'distro: el9.6\nrocm_version: "7.1"\n'})
    assert cli("lock").stderr == (
        "unknown suffix, locked as ?: flash-attn: "
        "the Torch version of variant 'rocm' is unknown: "
        "set WHEEL_BUILD_TAG_TORCH_VERSION or TORCH_VERSION, or torch_version in "
        "settings/variants/rocm.yaml\n"
        f"{LOCK} is written\n"
        "Next: commit it with the settings\n"
    )
    assert (tmp_path / LOCK).read_text() == (
        f"{WITH_HOOK}\n"
        "rocm: el9.6 rocm7.1\n"
        "  * * 1_el9.6\n"
        "  flash-attn * 1_?\n"
        "  torch 2.9.1 2_el9.6_rocm7.1\n"
        "  torch * 1_el9.6_rocm7.1\n"
    )


def test_every_wrong_variant_is_reported(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {**GOOD, ROCM_FILE: "a: 1\n", "settings/variants/cpu.yaml": "distro: 9\n"})
    assert cli("lock", status=1).stderr == (
        "Error: build tags cannot be computed: settings/variants/cpu.yaml:1: distro: 9 is not a "
        "text: quote it; settings/variants/rocm.yaml:1: unknown key 'a'; use accelerator, "
        "accelerator_version, cuda_version, distro, gpu_archs, index, rocm_version, stacks, "
        "torch_precision, torch_version\n"
    )
    assert not (tmp_path / LOCK).exists()


def test_the_old_lock_stays_if_the_new_one_cannot_be_written(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, {**TWO_PACKAGES, LOCK: HEADER})

    def refuse(self: pathlib.Path, target: pathlib.Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "replace", refuse)
    assert cli("lock", status=1).stderr == (
        f"Error: {LOCK} cannot be written: No space left on device\n"
    )
    assert (tmp_path / LOCK).read_text() == HEADER
    assert not [path for path in (tmp_path / "settings").iterdir() if path.name.startswith(".")]


def test_another_place(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, TWO_PACKAGES)
    assert cli("lock", "-o", "tags.lock").stderr == (
        "tags.lock is written\nNext: commit it with the settings\n"
    )
    assert (tmp_path / "tags.lock").read_text() == TEXT
    assert cli("lock", "-o", "no/tags.lock", status=1).stderr == (
        "Error: no/tags.lock cannot be written: No such file or directory\n"
    )


def test_a_graph_adds_its_packages_and_versions(cli: Cli, tmp_path: pathlib.Path) -> None:
    graph = DependencyGraph()
    for name, version in [("pillow", "12.2.0"), ("torch", "2.9.1"), ("torch", "2.10.0")]:
        graph.add_dependency(
            parent_name=None,
            parent_version=None,
            req_type=RequirementType.TOP_LEVEL,
            req=Requirement(name),
            req_version=Version(version),
        )
    file = io.StringIO()
    graph.serialize(file)
    (tmp_path / "graph.json").write_text(file.getvalue())
    order = [{"dist": "Pillow", "version": "11"}]
    (tmp_path / "build-order.json").write_text(json.dumps(order))
    write_tree(tmp_path, TWO_PACKAGES)
    cli("lock", "--graph", "graph.json", "--graph", "build-order.json")
    added = set((tmp_path / LOCK).read_text().splitlines()) - set(TEXT.splitlines())
    assert added == {
        "  pillow 11 1_el9.6",
        "  pillow 12.2.0 1_el9.6",
        "  torch 2.10.0 1_el9.6_rocm7.1",
    }
    cli("lock", "--check", "--graph", "graph.json", "--graph", "build-order.json")
    cli("lock", "--check")  # a CI without the graph checks what the lock names
    write_tree(tmp_path, {ROCM_FILE: ROCM.replace("7.1", "7.2")})
    difference = cli("lock", "--check", status=1).stdout
    assert "-  torch 2.10.0 1_el9.6_rocm7.1\n" in difference
    assert "+  torch 2.10.0 1_el9.6_rocm7.2\n" in difference
