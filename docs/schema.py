"""Print ``docs/variant.schema.json``, the JSON Schema of variant files, for editors."""

from __future__ import annotations

import json

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from fromager_build_tags.settings.variant import VariantSettings


class _OptionalKeys(GenerateJsonSchema):
    """Make each key optional, yet not nullable: a key without a value is a mistake."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def variant_schema() -> str:
    """Return the JSON Schema of a variant file: the text of ``docs/variant.schema.json``."""
    schema = VariantSettings.model_json_schema(schema_generator=_OptionalKeys)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":  # python -m docs.schema
    print(variant_schema(), end="")
