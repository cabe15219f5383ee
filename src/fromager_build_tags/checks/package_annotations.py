"""Check our annotations in the settings of packages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Final

from packaging.utils import NormalizedName

from ..errors import NeedsError, SettingsError
from ..findings import settings_rules as rules
from ..findings.catalogue import RETIRED, RULES
from ..findings.finding import Finding, Place
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
        for path, values in levels.items():
            for key, value in (values or {}).items():
                place = inventory.place(package, *path, "annotations", key)
                if key.startswith(IGNORE):
                    yield from _suppression(package, key, value, place, of_variant=bool(path))
                elif key.startswith(PREFIX) or _is_misspelt(key):
                    yield from _annotation(package, key, value, place)
    yield from _redundant(inventory)


def _is_misspelt(key: str) -> bool:
    """Return whether a key is probably meant to be ours: ``Build_Tags.depends-on``."""
    prefix = re.split(r"[.:/]", key.lower().replace("_", "-"))[0]
    return bool(difflib.get_close_matches(prefix, [PREFIX.rstrip(".")], cutoff=_MISSPELT))


def _annotation(package: NormalizedName, key: str, value: str, place: Place) -> Iterator[Finding]:
    if key not in KNOWN:
        yield rules.BAD_ANNOTATION.finding(
            f"unknown annotation {key!r}{did_you_mean(key.replace('_', '-'), KNOWN)}",
            subject=package,
            remedy=f"use {', '.join(KNOWN)} or {IGNORE}CODE",
            place=place,
        )
    else:
        try:
            parse_exemptions(value, VERIFY) if key == VERIFY else parse_expression(value)
        except (NeedsError, SettingsError) as err:
            yield rules.BAD_ANNOTATION.finding(
                str(err), subject=package, remedy=f"correct {key}", place=place
            )


def _suppression(
    package: NormalizedName, key: str, value: str, place: Place, *, of_variant: bool
) -> Iterator[Finding]:
    code = key.removeprefix(IGNORE)
    if of_variant:
        problem, remedy = "is never read below a variant", "move it to the package's annotations"
    elif code in RETIRED:
        problem, remedy = "names a retired rule", "remove it"
    elif code not in RULES:
        problem, remedy = "names an unknown rule", "correct the code"
    elif not value.strip():
        problem, remedy = "has no reason", "set the reason as its value"
    else:
        return
    yield rules.BAD_SUPPRESSION.finding(
        f"{key!r} {problem}", subject=package, remedy=remedy, place=place
    )


def _redundant(inventory: Inventory) -> Iterator[Finding]:
    for package in inventory.package_files:
        settings = inventory.tree.settings.package_setting(package)
        value = (settings.annotations or {}).get(DEPENDS_ON)
        shipped = shipped_expression(settings.override_module_name)
        if value is None or shipped is None:
            continue
        try:
            is_same = parse_expression(value) == parse_expression(shipped)
        except NeedsError:
            continue
        if is_same:
            yield rules.REDUNDANT_ANNOTATION.finding(
                f"{value!r} repeats the shipped override",
                subject=package,
                remedy="remove it, unless it has to stay when the shipped override changes",
                place=inventory.place(package, "annotations", DEPENDS_ON),
            )
