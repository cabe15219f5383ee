"""Findings in every format: one module each, plain data in, a text out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from .lazy import renderer

if TYPE_CHECKING:
    from ..findings.verdict import Verdict

#: Each format's renderer, by the name that ``--format`` takes.
RENDERERS: Final[Mapping[str, Callable[[Verdict], str]]] = {
    name: renderer(f"{__package__}.{module}")
    for name, module in {
        "table": "findings_table",
        "markdown": "findings_markdown",
        "json": "findings_json",
        "github": "github",
        "gitlab": "gitlab",
        "sarif": "sarif",
    }.items()
}
