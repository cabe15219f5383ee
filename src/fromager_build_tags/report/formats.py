"""The formats of findings and of a review; a run imports the renderer of one of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .table import Rendered

if TYPE_CHECKING:
    from ..findings.verdict import Verdict
    from ..review.compare import Review


def _renderer(module: str) -> Callable[..., Rendered]:
    """Return a function that imports a module of this folder and calls its ``render``."""

    def render(*args: Any) -> Rendered:
        rendered: Rendered = importlib.import_module(f"{__package__}.{module}").render(*args)
        return rendered

    return render


#: Each format's renderer, by the name that ``--format`` takes.
FINDINGS: Final[Mapping[str, Callable[[Verdict], Rendered]]] = {
    "table": _renderer("findings_table"),
    "markdown": _renderer("findings_markdown"),
    "json": _renderer("findings_json"),
    "github": _renderer("github"),
    "gitlab": _renderer("gitlab"),
    "sarif": _renderer("sarif"),
}

#: The same formats of a review; those that have findings only contain the findings of the review.
REVIEWS: Final[Mapping[str, Callable[[Review, Verdict], Rendered]]] = {
    "table": _renderer("review_table"),
    "markdown": _renderer("review_markdown"),
    "json": _renderer("review_json"),
    "github": lambda _, verdict: FINDINGS["github"](verdict),
    "gitlab": lambda _, verdict: FINDINGS["gitlab"](verdict),
    "sarif": lambda _, verdict: FINDINGS["sarif"](verdict),
}
