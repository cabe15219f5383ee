"""A review in every format. Formats of findings alone carry the findings of the review."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...review import Review
from ...rules.verdict import Verdict
from .. import findings
from . import json, markdown, table

#: Each format's renderer, by the name that ``--format`` takes.
RENDERERS: Final[Mapping[str, Callable[[Review, Verdict], str]]] = {
    "table": table.render,
    "markdown": markdown.render,
    "json": json.render,
    "github": lambda _, verdict: findings.RENDERERS["github"](verdict),
    "gitlab": lambda _, verdict: findings.RENDERERS["gitlab"](verdict),
    "sarif": lambda _, verdict: findings.RENDERERS["sarif"](verdict),
}
