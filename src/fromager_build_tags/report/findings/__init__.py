"""Findings in every format: one module each, plain data in, a text out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...rules.verdict import Verdict
from . import github, gitlab, json, markdown, sarif, table

#: Each format's renderer, by the name that ``--format`` takes.
RENDERERS: Final[Mapping[str, Callable[[Verdict], str]]] = {
    "table": table.render,
    "markdown": markdown.render,
    "json": json.render,
    "github": github.render,
    "gitlab": gitlab.render,
    "sarif": sarif.render,
}
