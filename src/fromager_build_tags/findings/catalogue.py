"""Every rule by its code, the pages of the rules, and their list.

``python -m fromager_build_tags.findings.catalogue`` prints ``docs/rules/README.md``.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping
from typing import Final

from . import rules
from .finding import Rule

#: The title of each family of rules, by the start of their codes.
FAMILIES: Final = {
    "BT1": "Settings: rules of `check`",
    "BT2": "Changes of settings: rules of `review`",
    "BT3": "Wheels: rules of `verify`",
    "BT4": "Indexes: rules of `audit`",
}

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

_PAGES: Final = pathlib.Path(__file__).parent / "docs"
_INTRODUCTION: Final = """\
# Rules

An annotation in the settings of a package suppresses a rule for the package. Its value is the
reason, which reports show:

    annotations: {build-tags.ignore.BT104: "built by hand until the new index is ready"}
"""


def page(code: str) -> str:
    """Return the page of a rule, as Markdown."""
    return (_PAGES / f"{code}.md").read_text(encoding="utf-8")


def index() -> str:
    """Return the list of all rules, a table for each family."""
    return "\n".join([_INTRODUCTION, *_tables(), *_retired()])


def _tables() -> Iterator[str]:
    for family, title in FAMILIES.items():
        yield f"## {title}\n\n| code | severity | title |\n|---|---|---|"
        for code, rule in sorted(RULES.items()):
            if code.startswith(family):
                yield f"| [{code}]({code}.md) | {rule.severity.value} | {rule.title} |"
        yield ""


def _retired() -> Iterator[str]:
    yield "## Retired codes\n\nThese codes are never used again.\n"
    yield "| code | former rule |\n|---|---|"
    yield from (f"| {code} | {former} |" for code, former in RETIRED.items())
    yield ""


if __name__ == "__main__":
    print(index(), end="")
