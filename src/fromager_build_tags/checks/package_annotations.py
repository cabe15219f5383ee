"""Check our annotations in the settings of packages."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Final

from ..errors import NeedsError, PluginError, SettingsError
from ..findings import rules
from ..findings.finding import Finding, Rule
from ..plan.source import shipped_expression
from ..settings.layout import DEPENDS_ON, IGNORE, KNOWN, PREFIX, VERIFY
from ..tag.expression import parse_expression
from ..text import did_you_mean
from ..verify.exemptions import parse_exemptions
from .inventory import Inventory

#: ``biuld-tags`` reaches it; ``build-flags``, which belongs to another tool, does not.
_MISSPELT: Final = 0.88


def check_annotations(inventory: Inventory) -> Iterator[Finding]:
    """BT106, BT107, BT116: our annotations are known, valid, and not redundant."""
    for package in inventory.package_files:
        settings = inventory.tree.settings.package_setting(package)
        levels: dict[tuple[str, ...], Mapping[str, str] | None] = {(): settings.annotations}
        for name, variant in settings.variants.items():
            levels["variants", str(name)] = variant.annotations
        shipped = _shipped(settings.override_module_name)
        for path, values in levels.items():
            for key, value in (values or {}).items():
                place = inventory.place(package, *path, "annotations", key)
                if key.startswith(IGNORE):
                    problems = _suppression(key, value, of_variant=bool(path))
                else:
                    problems = _annotation(key, value, None if path else shipped)
                for rule, message, remedy in problems:
                    yield rule.finding(message, subject=package, remedy=remedy, place=place)


def _shipped(name: str) -> str | None:
    with contextlib.suppress(PluginError):  # BT108, BT118 or BT124 reports it
        return shipped_expression(name)
    return None


def _annotation(key: str, value: str, shipped: str | None) -> Iterator[tuple[Rule, str, str]]:
    """Yield rule, message and remedy where an annotation is wrong, or is that of the override."""
    if key not in KNOWN:
        if key.startswith(PREFIX) or _is_misspelt(key):
            hint = did_you_mean(key.replace("_", "-"), KNOWN)
            remedy = f"use {', '.join(KNOWN)} or {IGNORE}CODE"
            yield rules.BAD_ANNOTATION, f"unknown annotation {key!r}{hint}", remedy
        return
    try:
        parsed = parse_exemptions(value, VERIFY) if key == VERIFY else parse_expression(value)
    except (NeedsError, SettingsError) as err:
        yield rules.BAD_ANNOTATION, str(err), f"correct {key}"
        return
    if key == DEPENDS_ON and shipped is not None and parsed == parse_expression(shipped):
        remedy = "remove it, unless it has to stay when the shipped override changes"
        yield rules.REDUNDANT_ANNOTATION, f"{value!r} repeats the shipped override", remedy


def _is_misspelt(key: str) -> bool:
    """Return whether a key is probably meant to be ours: ``Build_Tags.depends-on``."""
    prefix = re.split(r"[.:/]", key.lower().replace("_", "-"))[0]
    return bool(difflib.get_close_matches(prefix, [PREFIX.rstrip(".")], cutoff=_MISSPELT))


def _suppression(key: str, value: str, *, of_variant: bool) -> Iterator[tuple[Rule, str, str]]:
    """Yield rule, message and remedy where a suppression has no effect."""
    code = key.removeprefix(IGNORE)
    if of_variant:
        problem, remedy = "is never read below a variant", "move it to the package's annotations"
    elif code in rules.RETIRED:
        problem, remedy = "names a retired rule", "remove it"
    elif code not in rules.RULES:
        problem, remedy = "names an unknown rule", "correct the code"
    elif not value.strip():
        problem, remedy = "has no reason", "set the reason as its value"
    else:
        return
    yield rules.BAD_SUPPRESSION, f"{key!r} {problem}", remedy
