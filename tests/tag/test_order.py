"""The order of build tags is the installers', not ours: packaging's, pip's and uv's."""

from __future__ import annotations

import importlib.util
import pathlib
import sys
import venv
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import parse_wheel_filename

from fromager_build_tags.review.change import Change

from ..e2e.environment import offline_environment
from ..e2e.processes import run
from ..review.tags import build_tag, tag_or_none

#: Pairs of build tags, the one that installers prefer last.
PAIRS: Final = [
    # the heart of the matter: a suffix is compared as a string
    ("8_el9.6_rocm7.1_torch2.10.0", "8_el9.6_rocm7.1_torch2.9.1"),
    ("8_el9.6_rocm7.1_torch2.10.0", "9_el9.6_rocm7.1_torch2.10.0"),
    ("8_el9.6_rocm7.1_torch2.9.1", "9_el9.6_rocm7.1_torch2.10.0"),
    ("8_el9.6_rocm7.1_torch2.9.0", "8_el9.6_rocm7.1_torch2.9.1"),
    ("8_el9.6_rocm7.1_torch2.10.0", "8_el9.6_rocm7.1_torch2.11.0"),
    ("8_el9.6_rocm7.1_torch2.10.0", "8_el9.6_rocm7.1_torch2.2.0"),
    ("8_el9.6_rocm7.1_torch2.10", "8_el9.6_rocm7.1_torch2.10.0"),
    ("8_el9.6_rocm7.1_torch2.9.10", "8_el9.6_rocm7.1_torch2.9.9"),
    # the distribution
    ("2_el10.1", "2_el9.6"),
    ("2_el10.1", "2_el10.2"),
    ("2_el9.10", "2_el9.6"),
    ("2_el9", "2_el9.6"),
    ("2_el9.6", "2_fc43"),
    ("2_fc43", "2_fc44"),
    ("2_fc100", "2_fc43"),
    ("2_el9.6", "2_ubuntu24.04"),
    ("2_debian13", "2_el9.6"),
    ("2_EL9.6", "2_el9.6"),
    # the accelerator
    ("2_el9.6_cpu", "2_el9.6_cuda13.0"),
    ("2_el9.6_cuda13.0", "2_el9.6_rocm7.1"),
    ("2_el9.6_cuda12.9", "2_el9.6_cuda13.0"),
    ("2_el9.6_cuda12.10", "2_el9.6_cuda12.9"),
    ("2_el9.6_cuda12.8", "2_el9.6_cuda12.9"),
    ("2_el9.6_rocm10.0", "2_el9.6_rocm7.1"),
    ("2_el9.6_gaudi1.22", "2_el9.6_rocm7.1"),
    ("2_el9.6_rocm7.1", "2_el9.6_tpu"),
    # a segment more or less
    ("2", "2_el9.6"),
    ("2_el9.6", "2_el9.6_cpu"),
    ("2_el9.6_cuda13.0", "2_el9.6_cuda13.0_torch2.9.1"),
    ("2_el9.6_cuda13.0_torch2.9.1", "2_el9.6_rocm7.1"),
    ("2_el9.6", "2_el9.6.1"),
    # a dot, a digit, a capital, an underscore, a small letter: in the order of their codes
    ("2_el9.66_x", "2_el9.6_x"),
    ("2_elA_x", "2_el_x"),
    ("2_el9_x", "2_el9a_x"),
    ("2_el9.6.1_x", "2_el9.6_x"),
    ("2_Z", "2_a"),
    ("2_0", "2_A"),
    # the number takes precedence over every suffix
    ("9", "10"),
    ("9_zzz", "10"),
    ("1_el9.6_torch2.9.1", "2_el10.1_cpu"),
    ("0_el9.6", "1_el9.6"),
    ("99_rocm7.1", "100_cpu"),
    ("7_el9.6_rocm7.1", "8_el9.6_rocm7.1"),
    ("2_el9.6_rocm7.1_torch2.9.1", "11_el9.6_rocm7.1_torch2.10.0"),
    ("4294967295_a", "4294967296_a"),
]

_NUMBERS: Final = st.integers(0, 12) | st.integers(0, 10**12)
_TEXTS: Final = st.text("019.azAZ", min_size=1, max_size=5)
TAGS: Final = st.builds(
    lambda number, texts: "_".join([str(number), *texts]), _NUMBERS, st.lists(_TEXTS, max_size=3)
)


def change(before: str, after: str) -> Change:
    return Change(
        variant="rocm",
        package="demo",
        version="1",
        before=tag_or_none(before),
        after=tag_or_none(after),
    )


def test_there_are_enough_pairs() -> None:
    assert len(set(PAIRS)) == len(PAIRS) >= 40


@pytest.mark.parametrize(("lower", "higher"), PAIRS)
def test_our_order(lower: str, higher: str) -> None:
    assert change(higher, lower).sorts_below
    assert not change(lower, higher).sorts_below
    assert not change(lower, lower).sorts_below


@given(TAGS, TAGS)
def test_our_order_is_packagings(before: str, after: str) -> None:
    old, new = (
        parse_wheel_filename(f"demo-1-{tag}-py3-none-any.whl")[2] for tag in (before, after)
    )
    assert [(each.number, each.suffix) for each in (build_tag(before), build_tag(after))] == [
        old,
        new,
    ]
    assert change(before, after).sorts_below == (new < old)


@pytest.mark.parametrize("text", ["", "-"])
def test_an_invalid_tag_has_no_order(text: str) -> None:
    """A wheel that is gone has no order; one without a build tag is below all that have one."""
    assert not change(text, "1_a").sorts_below
    assert change("1_a", text).sorts_below == (text == "-")


@pytest.mark.parametrize(
    ("before", "after", "below"),
    [
        ("8_?", "8_a", False),
        ("8_a", "8_?", False),
        ("8_?", "8_?", False),
        ("8_?", "9_?", False),
        ("8_?", "7_z", True),
        ("8_a", "7_?", True),
        ("10_?", "9_?", True),
    ],
)
def test_a_number_with_an_unknown_suffix(before: str, after: str, below: bool) -> None:
    assert change(before, after).sorts_below is below
    assert change(before, after).number_fell is below


type Install = Callable[[pathlib.Path, pathlib.Path, Iterable[str], Mapping[str, str]], None]


def install_with_pip(
    wheels: pathlib.Path, target: pathlib.Path, names: Iterable[str], environ: Mapping[str, str]
) -> None:
    python = pathlib.Path(sys.executable)
    if not importlib.util.find_spec("pip"):  # as in an environment that uv made
        venv.create(target.parent / "venv", with_pip=True)
        python = target.parent / "venv/bin/python"
    quiet = (
        "--isolated",
        "--disable-pip-version-check",
        "--no-compile",
        "--root-user-action=ignore",
    )
    command = ("-m", "pip", "install", *quiet, "--no-index", "--find-links", wheels)
    run([python, *command, "--target", target, *names], environ=environ, cwd=wheels)


def install_with_uv(
    wheels: pathlib.Path, target: pathlib.Path, names: Iterable[str], environ: Mapping[str, str]
) -> None:
    command = ("-m", "uv", "pip", "install", "--no-config", "--no-index", "--find-links", wheels)
    python = ("--python", sys.executable, "--target", target)
    run([sys.executable, *command, *python, *names], environ=environ, cwd=wheels)


def write_wheel(folder: pathlib.Path, name: str, tag: str) -> None:
    info = f"{name}-1.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1-{tag}-py3-none-any.whl", "w") as file:
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        file.writestr(
            f"{info}/WHEEL",
            f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\nBuild: {tag}\n",
        )
        file.writestr(f"{info}/RECORD", "")


@pytest.mark.parametrize("install", [install_with_pip, install_with_uv])
def test_what_the_installers_install(install: Install, tmp_path: pathlib.Path) -> None:
    """A folder has both wheels of each pair: one package a pair, and one run for all of them."""
    wheels, target = tmp_path / "wheels", tmp_path / "target"
    wheels.mkdir()
    names = [f"pair{number}" for number in range(len(PAIRS))]
    for name, pair in zip(names, PAIRS, strict=True):
        for tag in pair:
            write_wheel(wheels, name, tag)
    install(wheels, target, names, offline_environment(tmp_path / "cache"))
    installed = {name: build_of(target / f"{name}-1.dist-info/WHEEL") for name in names}
    assert installed == dict(zip(names, [higher for _, higher in PAIRS], strict=True))


def build_of(file: pathlib.Path) -> str:
    [build] = [line for line in file.read_text().splitlines() if line.startswith("Build: ")]
    return build.removeprefix("Build: ")
