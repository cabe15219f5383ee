"""The texts of fromager's settings that its models would import."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any

import fromager.packagesettings
import pydantic
import pytest
from fromager.packagesettings import SettingsFile
from fromager.packagesettings._resolver import SourceResolver

from fromager_build_tags.settings.import_strings import EACH, import_fields, without

type Imported = Annotated[pydantic.ImportString[Any], "a note"]


class Leaf(pydantic.BaseModel):
    bare: pydantic.ImportString = "os:sep"  # type: ignore[type-arg] # as fromager writes it
    typed: pydantic.ImportString[Callable[[int], str]] | None = None
    renamed: pydantic.ImportString[Any] = pydantic.Field(alias="other-name")
    by_alias: Imported | None = None
    text: str = ""


class Root(pydantic.BaseModel):
    below: Annotated[Leaf | None, "a note"] = None
    items: Sequence[Leaf] = ()
    by_name: Mapping[str, list[Leaf]] = {}
    again: Root | None = None


LEAF = {("bare",), ("typed",), ("other-name",), ("by_alias",)}


def test_each_field_that_pydantic_imports_is_found() -> None:
    assert import_fields(Leaf) == LEAF
    assert import_fields(Root) == {
        (*above, *leaf)
        for above in [("below",), ("items", EACH), ("by_name", EACH, EACH)]
        for leaf in LEAF
    }


def models() -> Iterator[type[pydantic.BaseModel]]:
    for module in pkgutil.iter_modules(fromager.packagesettings.__path__):
        for each in vars(import_module(f"fromager.packagesettings.{module.name}")).values():
            if isinstance(each, type) and issubclass(each, pydantic.BaseModel):
                yield each


def test_no_field_of_fromager_is_missed() -> None:
    """Pydantic's own schema names the function that imports; a new fromager can have more."""
    schemas = {each: repr(each.__pydantic_core_schema__) for each in models()}
    importing = {each for each, schema in schemas.items() if "import_string" in schema}
    assert {each for each in schemas if import_fields(each)} == importing
    assert SettingsFile in importing
    assert import_fields(SettingsFile) == {("wheels", "build_tag_hook")}


class Later(pydantic.BaseModel):
    """What fromager prepares: the source of a package, and of a variant of it."""

    source: SourceResolver | None = None
    variants: Mapping[str, Later] = {}


def test_the_sources_that_fromager_prepares_are_found() -> None:
    assert import_fields(SourceResolver) == {("matcher_factory",)}
    assert import_fields(Later) == {("source", "matcher_factory")}


@pytest.mark.parametrize(
    ("data", "path", "expected"),
    [
        ({"a": {"b": "os:x", "c": 1}}, ("a", "b"), {"a": {"c": 1}}),
        ({"a": {"b": 5}}, ("a", "b"), {"a": {"b": 5}}),
        ({"a": "os:x"}, ("a", "b"), {"a": "os:x"}),
        ({"b": "os:x"}, ("a", "b"), {"b": "os:x"}),
        ({1: {"b": "x"}, None: {"b": "y"}}, (EACH, "b"), {1: {}, None: {}}),
        ([{"b": "x"}, 1, {"c": 2}], (EACH, "b"), [{}, 1, {"c": 2}]),
        (["x", 1], (EACH,), [1]),
        (["x"], ("a",), ["x"]),
        (None, ("a",), None),
    ],
)
def test_texts_are_taken_out(data: object, path: tuple[str, ...], expected: object) -> None:
    assert without(data, path) == expected
