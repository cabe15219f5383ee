"""The content of wheels: what makes a difference, and how it is described."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

import pytest

from fromager_build_tags.wheel.archive import WheelArchive
from fromager_build_tags.wheel.content import Content, difference, read_content

from ..index.wheels import write_wheel

NAME = "demo-1.0-2-py3-none-any.whl"


def content(path: pathlib.Path) -> Content:
    with WheelArchive.open(path) as archive:
        return read_content(archive)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ""),
        ({"demo-1.0.dist-info/RECORD": b"2020"}, ""),
        ({"demo.py": b""}, "demo.py is in two only"),
        ({"demo_name.txt": b"other"}, "demo_name.txt differs"),
        (
            {f"{letter}.py": b"" for letter in "abcde"},
            "a.py is in two only; b.py is in two only; c.py is in two only and 2 more",
        ),
    ],
)
def test_the_difference_of_two_wheels(
    files: Mapping[str, bytes], expected: str, tmp_path: pathlib.Path
) -> None:
    one = write_wheel(tmp_path / "one" / NAME)
    two = write_wheel(tmp_path / "two" / NAME, files, date=(2020, 1, 1, 0, 0, 0))
    assert difference(content(one), content(two), ("one", "two")) == expected
    swapped = difference(content(two), content(one), ("two", "one"))
    assert swapped == expected
