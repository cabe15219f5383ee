"""Findings in every format: one module each, plain data in, a text out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ..lazy import renderer

if TYPE_CHECKING:
    from ...rules.verdict import Verdict

#: Each format's renderer, by the name that ``--format`` takes.
RENDERERS: Final[Mapping[str, Callable[[Verdict], str]]] = {
    name: renderer(f"{__name__}.{name}")
    for name in ("table", "markdown", "json", "github", "gitlab", "sarif")
}
