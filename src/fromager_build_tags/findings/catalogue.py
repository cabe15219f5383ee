"""Every rule by its code, the names of the rules, and their pages."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Final

from . import rules
from .finding import Rule

RULES: Final[Mapping[str, Rule]] = {
    each.code: each for each in vars(rules).values() if isinstance(each, Rule)
}

#: The name of each rule, by its code: that of its constant, such as ``variant-without-file``.
NAMES: Final[Mapping[str, str]] = {
    each.code: constant.lower().replace("_", "-")
    for constant, each in vars(rules).items()
    if isinstance(each, Rule)
}

#: Codes of former rules, and why each is gone. A code is never used again: settings and reports
#: of users name it.
RETIRED: Final = {
    "BT323": "order of segments",
    "BT324": "unknown segment",
    "BT326": "compatibility tags of WHEEL",
}


def page(code: str) -> str:
    """Return the page of a rule, as Markdown."""
    return (pathlib.Path(__file__).parent / "docs" / f"{code}.md").read_text(encoding="utf-8")
