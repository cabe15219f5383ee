"""The JSON Schema of a variant file, for editors.

``python -m fromager_build_tags.schema`` prints what stands in ``docs/variant.schema.json``.
"""

from __future__ import annotations

import json

from .variant import VariantSettings


def variant_schema() -> str:
    """Return the JSON Schema of a variant file as text."""
    schema = VariantSettings.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(variant_schema(), end="")
