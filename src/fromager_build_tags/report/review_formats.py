"""A review in every format. Formats of findings alone carry the findings of the review."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from . import finding_formats as findings
from .lazy import renderer

if TYPE_CHECKING:
    from ..findings.verdict import Verdict
    from ..review.compare import Review

#: Each format's renderer, by the name that ``--format`` takes.
RENDERERS: Final[Mapping[str, Callable[[Review, Verdict], str]]] = {
    **{name: renderer(f"{__package__}.review_{name}") for name in ("table", "markdown", "json")},
    "github": lambda _, verdict: findings.RENDERERS["github"](verdict),
    "gitlab": lambda _, verdict: findings.RENDERERS["gitlab"](verdict),
    "sarif": lambda _, verdict: findings.RENDERERS["sarif"](verdict),
}
