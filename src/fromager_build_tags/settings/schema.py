"""The JSON Schema of a variant file, for editors.

``python -m fromager_build_tags.settings.schema`` prints what stands in
``docs/variant.schema.json``.
"""

from __future__ import annotations

import json

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from .variant import VariantSettings


class _Optional(GenerateJsonSchema):
    """A key may be left out; none may stand there without a value, as pydantic thinks."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def variant_schema() -> str:
    """Return the JSON Schema of a variant file as text."""
    schema = VariantSettings.model_json_schema(schema_generator=_Optional)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(variant_schema(), end="")
