"""Files that are made from the code are what the code makes."""

from __future__ import annotations

import pathlib

import pytest

from fromager_build_tags.declare import read_variant_file
from fromager_build_tags.schema import variant_schema

ROOT = pathlib.Path(__file__).parent.parent


def test_the_schema_is_the_models() -> None:
    assert (ROOT / "docs/variant.schema.json").read_text() == variant_schema()


@pytest.mark.parametrize("path", sorted((ROOT / "settings/variants").glob("*.yaml")))
def test_the_shipped_variant_files_are_right(path: pathlib.Path) -> None:
    settings, _ = read_variant_file(path)
    assert settings.torch_version is not None
