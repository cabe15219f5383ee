"""The import strings in fromager's settings, which pydantic imports when it validates them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args, get_origin

import pydantic

#: In the path of a field: any key of a mapping, and any item of a list.
EACH: Final = "*"
type FieldPath = tuple[str, ...]


def import_fields(kind: Any, above: FieldPath = (), parents: Sequence[Any] = ()) -> set[FieldPath]:
    """Return the path of each field that pydantic imports, in a model or another type."""
    if kind is pydantic.ImportString or isinstance(kind, pydantic.ImportString):
        return {above}
    return {
        path
        for below, part in _parts(kind)
        if part not in parents  # a model can contain itself
        for path in import_fields(part, (*above, *below), (*parents, kind))
    }


def _parts(kind: Any) -> Iterator[tuple[FieldPath, Any]]:
    """Yield the types that a type consists of, with the path of their values below its own."""
    if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
        for name, field in kind.model_fields.items():
            for part in (field.annotation, *field.metadata):
                yield (field.alias or name,), part
        return
    origin = get_origin(kind)
    is_container = isinstance(origin, type) and issubclass(origin, Mapping | Sequence)
    for part in (*get_args(kind), *filter(None, [getattr(kind, "__value__", None)])):
        yield (EACH,) if is_container else (), part


def without(data: Any, path: FieldPath) -> Any:
    """Return the content of a file without the texts at *path*, which its model would import."""
    if not path:
        return _TAKEN if isinstance(data, str) else data
    key, rest = path[0], path[1:]
    if isinstance(data, dict):
        kept = {
            each: without(value, rest) if key in {EACH, each} else value
            for each, value in data.items()
        }
        return {each: value for each, value in kept.items() if value is not _TAKEN}
    if isinstance(data, list) and key == EACH:
        return [each for value in data if (each := without(value, rest)) is not _TAKEN]
    return data


_TAKEN: Final = object()
