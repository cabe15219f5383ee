"""SARIF logs against the schema that OASIS published: ``data/README.md`` says where it is from."""

from __future__ import annotations

import functools
import json
import pathlib
from typing import Any

import jsonschema

_SCHEMA = pathlib.Path(__file__).parent / "data/sarif-schema-2.1.0.json"


def validate(log: Any) -> None:
    """Refuse a log that is not SARIF 2.1.0.

    Raises:
        jsonschema.ValidationError: with what is wrong, and where in the log.
    """
    _validator().validate(log)


@functools.cache
def _validator() -> jsonschema.Draft4Validator:
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator.check_schema(schema)
    formats = jsonschema.Draft4Validator.FORMAT_CHECKER
    return jsonschema.Draft4Validator(schema, format_checker=formats)
