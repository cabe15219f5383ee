"""A review in every format. Formats of findings alone carry the findings of the review."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from .. import findings
from ..lazy import renderer

if TYPE_CHECKING:
    from ...changes.review import Review
    from ...rules.verdict import Verdict

#: Each format's renderer, by the name that ``--format`` takes.
RENDERERS: Final[Mapping[str, Callable[[Review, Verdict], str]]] = {
    **{name: renderer(f"{__name__}.{name}") for name in ("table", "markdown", "json")},
    "github": lambda _, verdict: findings.RENDERERS["github"](verdict),
    "gitlab": lambda _, verdict: findings.RENDERERS["gitlab"](verdict),
    "sarif": lambda _, verdict: findings.RENDERERS["sarif"](verdict),
}
