"""The pages of all rules, and their list.

``python -m fromager_build_tags.findings.pages`` prints what stands in ``docs/rules/README.md``.
"""

from __future__ import annotations

import pathlib
from typing import Final

from .catalogue import FAMILIES, RULES

_PAGES: Final = pathlib.Path(__file__).parent / "docs"


def page(code: str) -> str:
    """Return the page of a rule, as Markdown."""
    return (_PAGES / f"{code}.md").read_text(encoding="utf-8")


def index() -> str:
    """Return a table for each family of rules."""
    lines = ["# Rules", ""]
    lines += ["A package ignores a rule by an annotation in its settings, with the reason:", ""]
    lines += ['    annotations: {build-tags.ignore.BT104: "why"}', ""]
    for prefix, (_, title) in FAMILIES.items():
        rules = [rule for code, rule in sorted(RULES.items()) if code.startswith(prefix)]
        if rules:
            lines += [f"## {title}", "", "| code | | |", "|---|---|---|"]
            lines += [
                f"| [{rule.code}]({rule.code}.md) | {rule.severity.value} | {rule.title} |"
                for rule in rules
            ]
            lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(index(), end="")
