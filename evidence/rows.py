"""Results of single wheels in a JSON file, one wheel after the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel


def load_rows[Row: BaseModel](path: Path, kind: type[Row]) -> dict[str, Row]:
    """Read the results by their ``wheel``; a missing file has none."""
    if not path.exists():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {row["wheel"]: kind.model_validate(row) for row in rows}


def save_rows(path: Path, rows: Mapping[str, BaseModel]) -> None:
    """Write the results, sorted."""
    dumped = [rows[wheel].model_dump(mode="json") for wheel in sorted(rows)]
    path.write_text(json.dumps(dumped, indent=1) + "\n", encoding="utf-8")
