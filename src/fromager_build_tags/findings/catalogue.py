"""Every rule, by its code. A rule is declared here once; what looks for it stands elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import index_rules as index
from . import review_rules as review
from . import settings_rules as settings
from . import wheel_rules as wheel
from .rule import Rule

#: The families, and what each looks at.
FAMILIES: Final = {
    "BT1": (settings, "settings: what `check` says"),
    "BT2": (review, "review: what a change of settings does"),
    "BT3": (wheel, "wheel: what `verify` says of name and content"),
    "BT4": (index, "index: what `audit` says"),
}

RULES: Final[Mapping[str, Rule]] = {
    rule.code: rule
    for family, _ in FAMILIES.values()
    for rule in vars(family).values()
    if isinstance(rule, Rule)
}
