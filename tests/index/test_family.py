"""Indexes of one stack of a family: ``VARIANT:STACK=INDEX``, and the stack that all wheels fit."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.index import open_index
from fromager_build_tags.index.family import infer_stack
from fromager_build_tags.index.place import parse_place
from fromager_build_tags.stack.key import StackKey

from .simple_server import html_index, serve
from .wheels import PLAT, fill, names

type Run = Callable[..., Result]

CUDAS = ("12.9", "13.0")
FILE = "settings/variants/cuda-ubi9.yaml"
USE = "use cuda-ubi9:cuda12.9 or cuda-ubi9:cuda13.0"


def declare(tree: pathlib.Path, *stacks: tuple[str, str], torch: str = "2.13.0") -> None:
    """Declare the family ``cuda-ubi9``: a CUDA and a Torch for each stack."""
    lines = (
        f"  - {{distro: el9.8, cuda_version: '{cuda}', torch_version: '{version}'}}\n"
        for cuda, version in stacks or [(cuda, torch) for cuda in CUDAS]
    )
    (tree / "variants/cuda-ubi9.yaml").write_text(f"stacks:\n{''.join(lines)}")
    settings = tree / "settings.yaml"
    content = settings.read_text()
    if "cuda-ubi9" not in content:
        content = content.replace("changelog:\n", "changelog:\n  cuda-ubi9: [one]\n")
    settings.write_text(content)


def audited(run: Run, *indexes: str) -> list[tuple[str, str]]:
    """Return the code and the file of each finding."""
    result = run("audit", *indexes, "--format", "json", "--exit-zero")
    found = json.loads(result.stdout)["findings"]
    return sorted((each["code"], each["file"]) for each in found)


def pruned(run: Run, *arguments: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(run("prune", *arguments, "--format=json").stdout)[
        "indexes"
    ]
    return made


def reason(index: dict[str, Any]) -> list[str]:
    return [each["reason"] for each in index["keep"]]


def before(cuda: str) -> set[str]:
    """Return the wheels of a stack that a Torch bump from 2.12.1 to 2.13.0 renames."""
    return {
        f"flash_attn-2.8.3-7_el9.8_cuda{cuda}_torch2.12.1{PLAT}",
        f"torch_helper-1.0-2_el9.8_torch2.12.1{PLAT}",
    }


def after(cuda: str) -> set[str]:
    """Return the wheels of a stack after the bump, without those that it renames."""
    return {
        f"flash_attn-2.8.3-8_el9.8_cuda{cuda}_torch2.13.0{PLAT}",
        f"torch_helper-1.0-3_el9.8_torch2.13.0{PLAT}",
        f"torch-2.12.1-1_el9.8_cuda{cuda}{PLAT}",
        f"torch-2.13.0-1_el9.8_cuda{cuda}{PLAT}",
        f"pillow-12.2.0-1_el9.8{PLAT}",
        "fromager-0.79.0-1-py3-none-any.whl",
    }


@pytest.fixture
def bumped(tree: pathlib.Path) -> pathlib.Path:
    """An index for each CUDA of a family, after a Torch bump and a rebuild."""
    declare(tree, torch="2.13.0")
    package = tree / "packages/flash_attn.yaml"
    package.write_text(f'{package.read_text()}    - "2026-11-28: rebuild against Torch 2.13.0"\n')
    (tree / "packages/torch_helper.yaml").write_text(
        "annotations:\n  build-tags.depends-on: torch\nchangelog:\n  '1.0': [first, Torch 2.13.0]\n"
    )
    for cuda in CUDAS:
        fill(tree.parent / f"index{cuda}", *before(cuda), *after(cuda))
    return tree.parent


@pytest.mark.parametrize("stack", ["", ":cuda{}", ":cuda{}_torch2.13.0", ":el9.8 cuda{}"])
def test_an_index_for_each_cuda_is_clean_after_a_torch_bump(
    stack: str, run: Run, bumped: pathlib.Path
) -> None:
    indexes = [f"cuda-ubi9{stack.format(cuda)}=index{cuda}" for cuda in CUDAS]
    obsolete = [
        ("BT404", f"index{cuda}/{filename}") for cuda in CUDAS for filename in sorted(before(cuda))
    ]
    assert audited(run, *indexes) == obsolete
    for cuda, report in zip(CUDAS, pruned(run, *indexes), strict=True):
        assert {each["filename"] for each in report["delete"]} == before(cuda)
        assert report["keep"] == []
        assert report["variant"] == "cuda-ubi9"
        assert report["stack"] == (f"el9.8 cuda{cuda} torch2.13.0" if stack else "")
    pruned(run, *indexes, "--delete")
    assert audited(run, *indexes) == []
    assert [names(bumped / f"index{cuda}") for cuda in CUDAS] == [*map(after, CUDAS)]


def test_reports_name_the_stack(run: Run, bumped: pathlib.Path) -> None:
    for argument in ("cuda-ubi9=index13.0", "cuda-ubi9:cuda13.0=index13.0"):
        result = run("audit", argument)
        assert "\nindex13.0 for cuda-ubi9:cuda13.0: 5 projects, 8 wheels\n" in result.stdout
        [index] = json.loads(run("audit", argument, "--format", "json").stdout)["indexes"]
        assert (index["variant"], index["stack"]) == ("cuda-ubi9", "el9.8 cuda13.0 torch2.13.0")
        assert "index13.0 (cuda-ubi9:cuda13.0)" in run("audit", argument, "--format", "html").stdout
        assert result.stderr == (
            ""
            if ":" in argument
            else "index13.0: its wheels fit cuda-ubi9:cuda13.0 only; other stacks of cuda-ubi9 are "
            "not considered\n"
        )
    assert (
        "index13.0 for cuda-ubi9: 2 wheels to delete" in run("prune", "cuda-ubi9=index13.0").stdout
    )
    named = run("prune", "cuda-ubi9:cuda13.0=index13.0").stdout
    assert "index13.0 for cuda-ubi9:cuda13.0: 2 wheels to delete" in named


def test_all_stacks_of_an_index_that_several_share(run: Run, bumped: pathlib.Path) -> None:
    fill(bumped / "shared", *(name for cuda in CUDAS for name in after(cuda)))
    result = run("audit", "cuda-ubi9=shared", "--format", "json", "--exit-zero")
    assert result.stderr == ""
    [index] = json.loads(result.stdout)["indexes"]
    assert index["stack"] == ""


@pytest.mark.parametrize(
    ("stack", "problem"),
    [
        ("cuda12.8", f"names no stack of {FILE}: {USE}"),
        ("cuda13", f"names no stack of {FILE}: {USE}"),
        ("cuda12.9_torch2.12.1", f"names no stack of {FILE}: {USE}"),
        ("torch2.13.0", f"names 2 stacks of {FILE}: {USE}"),
        ("el9.8", f"names 2 stacks of {FILE}: {USE}"),
    ],
)
@pytest.mark.parametrize("command", ["audit", "prune"])
def test_a_stack_that_is_none_or_several(
    command: str, stack: str, problem: str, run: Run, bumped: pathlib.Path
) -> None:
    result = run(command, f"cuda-ubi9:{stack}=index13.0", status=1)
    assert result.stderr == f"Error: 'cuda-ubi9:{stack}' {problem}\n"


def test_stacks_are_listed_with_as_few_segments_as_they_need(run: Run, tree: pathlib.Path) -> None:
    declare(tree, ("13.0", "2.12.1"), ("13.0", "2.13.0"), ("12.9", "2.13.0"))
    result = run("audit", "cuda-ubi9:cuda13.0=index", status=1)
    assert result.stderr == (
        f"Error: 'cuda-ubi9:cuda13.0' names 2 stacks of {FILE}: use cuda-ubi9:torch2.12.1 or "
        "cuda-ubi9:cuda13.0_torch2.13.0 or cuda-ubi9:cuda12.9\n"
    )


def test_a_variant_of_one_stack_may_name_it(run: Run, tree: pathlib.Path) -> None:
    fill(tree.parent / "index", f"torch-2.10.0-7_el9.6_rocm7.1{PLAT}")
    assert audited(run, "rocm:rocm7.1=index") == []
    result = run("audit", "rocm:cuda13.0=index", status=1)
    file = "settings/variants/rocm.yaml"
    error = f"Error: 'rocm:cuda13.0' names no stack of {file}: use rocm:rocm7.1\n"
    assert result.stderr == error


def test_the_wheel_of_another_stack_is_kept(run: Run, bumped: pathlib.Path) -> None:
    """The name of a stack protects the wheels of the others in a folder that they share."""
    other = f"flash_attn-2.8.3-8_el9.8_cuda12.9_torch2.13.0{PLAT}"
    fill(bumped / "index13.0", other)
    [report] = pruned(run, "cuda-ubi9:cuda13.0=index13.0")
    assert {each["filename"] for each in report["delete"]} == before("13.0")
    needer = "stack el9.8 cuda12.9 torch2.13.0 of variant cuda-ubi9"
    hint = "if that has another index, use --foreign"
    assert reason(report) == [f"kept: it is current for {needer}; {hint}"]


def test_a_wheel_without_a_stack_needs_a_name_to_be_deleted(run: Run, bumped: pathlib.Path) -> None:
    """What audit infers may change with the next wheel: prune relies on what is named."""
    untagged = f"flash_attn-2.8.3-6{PLAT}"
    fill(bumped / "index13.0", untagged)
    assert ("BT404", f"index13.0/{untagged}") in audited(run, "cuda-ubi9=index13.0")
    [report] = pruned(run, "cuda-ubi9=index13.0")
    assert reason(report) == [
        "kept: its replacement with build tag 8_el9.8_cuda12.9_torch2.13.0 is not in the index; "
        "build it first, or name the stack of the index as VARIANT:STACK=INDEX"
    ]
    [report] = pruned(run, "cuda-ubi9:cuda13.0=index13.0")
    assert {each["filename"] for each in report["delete"]} == before("13.0") | {untagged}


A, B = (StackKey(distro="el9.8", accelerator=f"cuda{c}", torch="torch2.13.0") for c in CUDAS)
#: As B, with an older Torch.
C = StackKey(distro="el9.8", accelerator="cuda13.0", torch="torch2.12.1")


@pytest.mark.parametrize(
    ("keys", "suffixes", "inferred"),
    [
        ([A, B], ["_cuda13.0_torch2.13.0"], B),
        ([A, B], ["_cuda13.0"], B),
        ([A, B], ["_cuda13.0_torch2.12.1", ""], B),
        ([A, B], ["_cuda13.0", "_torch2.12.1"], B),
        ([A, B], ["_cuda13.0", "_torch2.13.0"], B),
        ([A, B], ["_cuda13.0", "_cuda12.9"], None),
        ([A, B], ["_cuda13.0", "_cuda12.8"], None),
        ([A, B], ["_cuda13.0", "_rocm7.1"], None),
        ([A, B], ["_torch2.13.0"], None),
        ([A, B], [""], None),
        ([A, B], [], None),
        ([B, C], ["_cuda13.0"], None),
        ([B, C], ["_cuda13.0", "_torch2.13.0"], B),
        ([B, C], ["_cuda13.0_torch2.12.1"], C),
        ([B, C], ["_cuda13.0_torch2.12.1", "_cuda13.0_torch2.13.0"], None),
        ([B, C], ["_cuda13.0_torch2.11.0", "_cuda13.0_torch2.13.0"], None),
        ([A, C], ["_cuda13.0", "_torch2.13.0"], None),
        ([A, C], ["_cuda13.0", "_torch2.11.0"], C),
    ],
)
def test_the_stack_that_all_wheels_fit(
    keys: list[StackKey], suffixes: list[str], inferred: StackKey | None, tmp_path: pathlib.Path
) -> None:
    for number, suffix in enumerate(suffixes):
        (tmp_path / f"a{number}-1.0-1_el9.8{suffix}{PLAT}").touch()
    index = open_index(parse_place(str(tmp_path), "cuda-ubi9"))
    read: list[int] = []
    assert infer_stack(index, keys, read.append) == inferred


def test_the_local_part_of_a_version_names_an_accelerator(tmp_path: pathlib.Path) -> None:
    (tmp_path / f"torch-2.13.0+cu130-1_el9.8{PLAT}").touch()
    index = open_index(parse_place(str(tmp_path), "cuda-ubi9"))
    assert infer_stack(index, [A, B], lambda _: None) == B


def test_the_stack_of_a_url(run: Run, bumped: pathlib.Path) -> None:
    wheels: dict[str, list[str]] = {}
    for name in sorted(before("12.9") | after("12.9")):
        wheels.setdefault(name.partition("-")[0].replace("_", "-"), []).append(name)
    with serve(html_index(wheels)) as server:
        result = run("audit", f"cuda-ubi9={server.url}/simple/", "--format", "json")
        [index] = json.loads(result.stdout)["indexes"]
        assert index["stack"] == "el9.8 cuda12.9 torch2.13.0"
        found = json.loads(result.stdout)["findings"]
        assert {each["code"] for each in found} == {"BT404"}
        server.asked.clear()
        run("audit", f"cuda-ubi9:cuda12.9={server.url}/simple/", "--exit-zero")
        assert server.asked.count("/simple/torch/") == 1


def test_which_needs_no_settings_for_it(run: Run, bumped: pathlib.Path) -> None:
    arguments = ["cuda-ubi9:cuda12.9=index12.9", "cuda-ubi9:cuda13.0=index13.0"]
    assert f"pillow-12.2.0-1_el9.8{PLAT}" in run("which", *arguments).stdout


WORDS = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,8}", fullmatch=True)
STACKS = st.from_regex(r"[a-zA-Z0-9.]{1,8}([ _-][a-zA-Z0-9.]{1,8}){0,2}", fullmatch=True)
ADDRESSES = st.one_of(
    st.from_regex(
        r"https?://[a-z]{1,5}(:[0-9]{1,4})?/[a-z=:/]{0,8}(\?[a-z=&:@]{0,8})?", fullmatch=True
    ),
    st.from_regex(r"(/|\./)?[a-zA-Z0-9._-][a-zA-Z0-9/=: ._-]{0,12}", fullmatch=True),
)


@given(WORDS, STACKS, ADDRESSES)
def test_the_place_after_a_variant_and_a_stack(variant: str, stack: str, address: str) -> None:
    for text, expected in (
        (f"{variant}:{stack}={address}", (variant, stack, address)),
        (f"{variant}={address}", (variant, "", address)),
    ):
        place = parse_place(text, "rocm")
        assert (place.variant, place.stack, place.address) == expected


@given(st.text(max_size=20).filter(str.strip), STACKS)
def test_any_other_text_is_a_place(text: str, stack: str) -> None:
    for address in (
        f"./{text}",
        f"/{text}",
        f"http://h:80/{text}",
        f"a:{stack}/{text}",
        f":{text}",
    ):
        place = parse_place(address, "rocm")
        assert (place.variant, place.stack, place.address) == ("rocm", "", address)


@pytest.mark.parametrize(
    "text",
    ["C:/x=y", "C:\\x=y", "a:b/c=d", "a:=b", "a::b=c", "a:b:c=d", "http://h:80/?x=y", "h:80/?x=y"],
)
def test_a_colon_in_a_place(text: str) -> None:
    assert parse_place(text, "rocm").address == text


def test_a_folder_whose_name_reads_like_a_stack(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_place("a:b=c", "rocm").address == "c"
    (tmp_path / "a:b=c").mkdir()
    assert parse_place("a:b=c", "rocm").address == "a:b=c"
    long = "x" * 5_000
    assert parse_place(f"a:b={long}", "rocm").address == long


@pytest.mark.parametrize("text", ["u:s3cret=@h/simple", "u:s3cret==@h/simple", "u:s3=cret@h"])
def test_a_password_is_no_stack(text: str) -> None:
    place = parse_place(text, "rocm")
    assert "s3cret" not in f"{place} {place.label} {place!r}"
    assert "s3" not in f"{place} {place.label} {place!r}"
