"""Renderers that are imported when something is rendered: a run needs one format of six."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def renderer(module: str) -> Callable[..., str]:
    """Return what imports a module when it is called, and calls its ``render``."""

    def render(*args: Any) -> str:
        text: str = importlib.import_module(module).render(*args)
        return text

    return render
