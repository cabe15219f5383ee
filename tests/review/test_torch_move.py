"""The wheels that a new Torch renames, compared with it."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Final

import pytest
from packaging.version import Version

from fromager_build_tags.review import torch_move
from fromager_build_tags.review.change import Change
from fromager_build_tags.review.torch_move import TorchMove, torch_moves
from fromager_build_tags.tag.build_tag import BuildTag
from fromager_build_tags.tag.filename import parse_wheel_name
from fromager_build_tags.wheel.torch.torch_exports import TorchBuild
from fromager_build_tags.wheel.torch.torch_loads import TorchAnswer
from fromager_build_tags.wheel.torch.torch_table import TorchTable

from ..golden.scenes import PLAT, library, wheel
from ..index.wheels import Files

EXPORTS: Final = {"2.9.0": "_ZN3c101aEv", "2.10.0": "_ZN3c101bEv", "2.10.1": "_ZN3c101cEv"}


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = [
        TorchBuild(
            version=Version(version),
            machine="x86_64",
            accelerator=None,
            exports=frozenset([symbol, "torch_a"]),
        )
        for version, symbol in EXPORTS.items()
    ]
    shipped = dataclasses.replace(TorchTable.of(builds), source="")
    monkeypatch.setattr(torch_move, "shipped_table", lambda: shipped)


def tag(suffix: str) -> BuildTag:
    return parse_wheel_name(f"a-1-{suffix}-py3-none-any.whl").build_tag


def change(before: str | None, after: str | None, **others: str) -> Change:
    named = {"variant": "rocm", "package": "demo", "version": "1.0", **others}
    tags = (None if text is None else tag(text) for text in (before, after))
    return Change(**dict(zip(("before", "after"), tags, strict=True)), **named)  # type: ignore[arg-type]


def importing(*symbols: str) -> Files:
    return library(needs=["libtorch.so"], imports=symbols)


OLD: Final = "1_el9.6_torch2.9.0"


@pytest.mark.parametrize(
    ("content", "after", "expected"),
    [
        (importing("_ZN3c101aEv"), "1_el9.6_torch2.10.0", TorchAnswer.NO),
        (importing("_ZN3c101bEv"), "1_el9.6_torch2.10.0", TorchAnswer.YES),
        (importing("_ZN3c101cEv"), "1_el9.6_torch2.10.0", TorchAnswer.NO),
        (importing("_ZN3c101cEv"), "1_el9.6_torch2.10", TorchAnswer.YES),
        (importing("_ZN3c101aEv"), "1_el9.6_torch2.10", TorchAnswer.NO),
        (importing("torch_a"), "1_el9.6_torch2.10.0", TorchAnswer.YES),
        (importing("torch_a"), "1_el9.6_torch2.11.0", TorchAnswer.UNKNOWN),
        (library(), "1_el9.6_torch2.10.0", TorchAnswer.YES),
        (
            {**importing("_ZN3c101aEv"), "b.so": importing("_ZN3c101bEv")["demo/_C.so"]},
            "1_el9.6_torch2.10.0",
            TorchAnswer.PART,
        ),
    ],
)
def test_a_renamed_wheel_is_compared_with_the_new_torch(
    content: Files, after: str, expected: TorchAnswer, tmp_path: pathlib.Path
) -> None:
    wheel(tmp_path / f"demo-1.0-{OLD}-{PLAT}", content)
    version = Version(after.rpartition("torch")[2])
    expected_moves = [TorchMove(torch=version, answers={expected: 1})]
    assert torch_moves([change(OLD, after)], [tmp_path, tmp_path]) == expected_moves


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "1_el9.6_torch2.10.0"),
        (OLD, None),
        (OLD, "2_el9.6_torch2.9.0"),
        (OLD, "1_el9.6"),
        ("1_el9.6", "1_el9.6_torch2.10.0"),
        ("2_el9.6_torch2.9.0", "3_el9.6_torch2.10.0"),
        (OLD, "1_el9.6_torch2.x.y"),
        (OLD, f"1_el9.6_torch{'9' * 5000}"),
    ],
)
def test_other_changes_read_nothing(
    before: str | None, after: str | None, tmp_path: pathlib.Path
) -> None:
    wheel(tmp_path / f"demo-1.0-{OLD}-{PLAT}", importing("torch_a"))
    assert torch_moves([change(before, after)], [tmp_path]) == []


def test_other_wheels_are_not_read(tmp_path: pathlib.Path) -> None:
    """A wheel with the tag of the base is: in any folder, with any Python, however spelled."""
    same = ("a/demo-1.0-{}-" + PLAT, "b/Demo-1-{}-" + PLAT.replace("312", "313"))
    others = (f"demo-1.1-{OLD}-{PLAT}", f"other-1.0-{OLD}-{PLAT}", f"demo-1.0-{PLAT}", "x.whl")
    for name in (*(each.format(OLD) for each in same), *others[:3]):
        wheel(tmp_path / name, importing("torch_a"))
    (tmp_path / "x.whl").touch()
    [move] = torch_moves([change(OLD, "1_el9.6_torch2.10.0")], [tmp_path])
    assert (move.wheels, move.answers) == (2, {TorchAnswer.YES: 2})


def test_what_cannot_be_read_is_unknown(tmp_path: pathlib.Path) -> None:
    (tmp_path / f"demo-1.0-{OLD}-{PLAT}").write_bytes(b"PK")
    os.mkfifo(tmp_path / f"demo-1.0-{OLD}-{PLAT.replace('312', '313')}")
    [move] = torch_moves([change(OLD, "1_el9.6_torch2.10.0")], [tmp_path])
    assert move.answers == {TorchAnswer.UNKNOWN: 1}


def test_each_new_torch_has_its_figures_in_order(tmp_path: pathlib.Path) -> None:
    changes = []
    for package, torch in (("one", "2.10.1"), ("two", "2.9.1"), ("three", "2.10.1")):
        wheel(tmp_path / f"{package}-1.0-{OLD}-{PLAT}", importing("_ZN3c101cEv"))
        changes.append(change(OLD, f"1_el9.6_torch{torch}", package=package))
    assert [(str(each.torch), each.answers) for each in torch_moves(changes, [tmp_path])] == [
        ("2.9.1", {TorchAnswer.UNKNOWN: 1}),
        ("2.10.1", {TorchAnswer.YES: 2}),
    ]
