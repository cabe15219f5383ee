"""Print the list of all rules: ``python docs/list_of_rules.py >docs/rules/README.md``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fromager_build_tags.findings.rules import RETIRED, RULES

#: The title of each family of rules, by the start of their codes.
FAMILIES: Final = {
    "BT1": "Settings: rules of `check`",
    "BT2": "Changes of settings: rules of `review`",
    "BT3": "Wheels: rules of `verify`",
    "BT4": "Indexes: rules of `audit`",
}
_INTRODUCTION: Final = """\
# Rules

An annotation in the settings of a package suppresses a rule for the package. Its value is the
reason, which reports show:

    annotations: {build-tags.ignore.BT104: "built by hand until the new index is ready"}
"""


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
