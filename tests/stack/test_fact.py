"""Versions that are known more or less precisely."""

from __future__ import annotations

import pytest
from packaging.version import Version

from fromager_build_tags.stack.fact import (
    Precision,
    agree,
    parse_version,
    segment_text,
)

MINOR, PATCH = Precision.MINOR, Precision.PATCH


@pytest.mark.parametrize(
    ("version", "precision", "expected"),
    [
        ("13.0", MINOR, "13.0"),
        ("13.0.1", MINOR, "13.0"),
        ("12.9.1.010", MINOR, "12.9"),
        ("13", MINOR, None),
        ("12.10", MINOR, "12.10"),
        ("2.10.0", PATCH, "2.10.0"),
        ("2.10.0+rocm7.1", PATCH, "2.10.0"),
        ("2.11", PATCH, None),
        ("2.12.0.dev20261101+cu130", PATCH, "2.12.0.dev20261101"),
        ("2.12.0rc1", PATCH, "2.12.0rc1"),
        ("2.12.0rc1", MINOR, "2.12"),
    ],
)
def test_segment_text(version: str, precision: Precision, expected: str | None) -> None:
    assert segment_text(Version(version), precision) == expected


@pytest.mark.parametrize(
    ("one", "other", "precision", "expected"),
    [
        ("13.0", "13.0.1", MINOR, True),
        ("13.0", "12.9.1", MINOR, False),
        ("13", "13.0.1", MINOR, True),
        ("13", "12.9", MINOR, False),
        ("2.11", "2.11.0", PATCH, True),
        ("2.11", "2.11.1", PATCH, True),
        ("2.11", "2.10.0", PATCH, False),
        ("2.11.0", "2.11.1", PATCH, False),
        ("2.11.0", "2.11.1", MINOR, True),
        ("2.9.1", "2.9.1+cu130", PATCH, True),
        ("2.12.0", "2.12.0.dev1", PATCH, False),
        ("2.1", "2.10.0", PATCH, False),
    ],
)
def test_agree(one: str, other: str, precision: Precision, *, expected: bool) -> None:
    assert agree(Version(one), Version(other), precision) is expected
    assert agree(Version(other), Version(one), precision) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7.x", "is not a PEP 440 version, such as 13.0 or 2.10.0"),
        ("", "is not a PEP 440 version, such as 13.0 or 2.10.0"),
        ("1!2.0", "has an epoch, which cannot stand in a build tag"),
    ],
)
def test_an_invalid_version_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"is|has") as caught:
        parse_version(text)
    assert str(caught.value) == message
