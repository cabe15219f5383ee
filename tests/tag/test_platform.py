"""Platform tags: which machines a tag names, and which wheels fit wherever others fit."""

from __future__ import annotations

import itertools

import pytest
from packaging.tags import Tag, parse_tag

from fromager_build_tags.index.targets import Installer, Target, ranks_of
from fromager_build_tags.tag.platform import NO_VERSION, LinuxPlatform, covers, parse_linux


@pytest.mark.parametrize(
    ("platform", "machine", "glibc", "musl"),
    [
        ("linux_x86_64", "x86_64", NO_VERSION, None),
        ("manylinux1_i686", "i686", (2, 5), None),
        ("manylinux2010_x86_64", "x86_64", (2, 12), None),
        ("manylinux2014_aarch64", "aarch64", (2, 17), None),
        ("manylinux_2_28_x86_64", "x86_64", (2, 28), None),
        ("musllinux_1_2_x86_64", "x86_64", None, (1, 2)),
    ],
)
def test_a_linux_platform(
    platform: str, machine: str, glibc: tuple[int, int] | None, musl: tuple[int, int] | None
) -> None:
    assert parse_linux(platform) == (machine, glibc, musl)


@pytest.mark.parametrize(
    "platform",
    [
        "any",
        "win_amd64",
        "macosx_11_0_arm64",
        "manylinux2099_x86_64",
        "manylinux_2_9999_x86_64",
        f"manylinux_{'9' * 5000}_1_x86_64",
    ],
)
def test_another_platform(platform: str) -> None:
    assert parse_linux(platform) is None


@pytest.mark.parametrize(
    ("platform", "accepted"),
    [
        ("manylinux1_x86_64", ["manylinux_2_5_x86_64", "manylinux1_x86_64"]),
        (
            "manylinux_2_6_x86_64",
            ["manylinux_2_6_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64"],
        ),
        ("musllinux_1_1_x86_64", ["musllinux_1_1_x86_64", "musllinux_1_0_x86_64"]),
        ("linux_x86_64", []),
    ],
)
def test_the_platforms_that_a_machine_takes(platform: str, accepted: list[str]) -> None:
    linux = parse_linux(platform)
    assert linux is not None
    assert list(linux.accepted()) == accepted


@pytest.mark.parametrize(
    ("tags", "others", "expected"),
    [
        ("py3-none-any", "cp312-cp312-linux_x86_64", True),
        ("py2.py3-none-any", "py3-none-any", True),
        ("cp312-cp312-linux_x86_64", "cp312-cp312-manylinux_2_28_x86_64", True),
        ("cp312-cp312-manylinux2014_x86_64", "cp312-cp312-manylinux_2_28_x86_64", True),
        ("cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-manylinux2014_x86_64", False),
        ("cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-linux_x86_64", False),
        ("cp312-cp312-linux_x86_64", "cp312-cp312-linux_aarch64", False),
        ("cp312-cp312-linux_x86_64", "cp313-cp313-linux_x86_64", False),
        ("cp312-cp312-linux_x86_64", "cp312-cp312-musllinux_1_2_x86_64", False),
        ("cp312-cp312-linux_x86_64", "py3-none-any", False),
        ("cp312.cp313-cp312-linux_x86_64", "cp312-cp312-linux_x86_64", True),
        ("cp39-abi3-linux_x86_64", "cp312-cp312-linux_x86_64", True),
        ("cp39-abi3-linux_x86_64", "cp312-cp312-manylinux_2_28_x86_64", True),
        ("cp39-abi3-linux_x86_64", "cp312-abi3-linux_x86_64", True),
        ("cp39-abi3-linux_x86_64", "cp38-cp38-linux_x86_64", False),
        ("cp39-abi3-linux_x86_64", "cp312-cp312t-linux_x86_64", False),
        ("cp39-abi3-linux_x86_64", "cp312-none-linux_x86_64", False),
        ("cp39-abi3-linux_x86_64", "py3-none-linux_x86_64", False),
        ("cp39-abi3-manylinux_2_28_x86_64", "cp312-cp312-linux_x86_64", False),
        ("cp312-cp312-linux_x86_64", "cp39-abi3-linux_x86_64", False),
        ("py3-none-linux_x86_64", "cp312-cp312-linux_x86_64", True),
        ("py39-none-any", "cp312-cp312-linux_x86_64", True),
        ("py313-none-any", "cp39-abi3-linux_x86_64", False),
    ],
)
def test_a_wheel_that_fits_wherever_another_does(tags: str, others: str, expected: bool) -> None:
    assert covers(_tags(tags), _tags(others)) is expected


def _tags(text: str) -> frozenset[Tag]:
    return parse_tag(text)


def test_a_machine_without_a_known_c_library_takes_no_versioned_tag() -> None:
    assert list(LinuxPlatform("x86_64", None).accepted()) == []


def test_equal_tags_cover_each_other() -> None:
    tags = parse_tag("cp312-cp312-win_amd64")
    assert covers(tags, tags)


def test_no_machine_takes_a_covered_wheel_alone() -> None:
    """Of any two tags, on every Python from 3.8 to 3.16."""
    interpreters = [
        "cp3",
        "cp31",
        "cp32",
        "cp39",
        "cp312",
        "cp313",
        "py3",
        "py39",
        "py312",
        "py313",
    ]
    abis = ("none", "abi3", "cp39", "cp312", "cp313", "cp313t")
    platforms = ("any", *(f"{each}_x86_64" for each in ("linux", "manylinux_2_28", "manylinux1")))
    tags = [Tag(*each) for each in itertools.product(interpreters, abis, platforms)]
    targets = [
        Target(python=(3, minor), abi=f"cp3{minor}{flag}", platform=platform)
        for minor in range(8, 17)
        for flag in ("", "t")
        for platform in ("linux_x86_64", "manylinux_2_20_x86_64", "win_amd64")
    ]
    accepted = [ranks_of(target, Installer.PIP) for target in targets]
    usable = [tag for tag in tags if any(tag in ranks for ranks in accepted)]
    assert len(usable) > 50
    for tag, other in itertools.product(tags, usable):
        if covers(frozenset([tag]), frozenset([other])):
            assert all(tag in ranks for ranks in accepted if other in ranks), f"{tag} {other}"
