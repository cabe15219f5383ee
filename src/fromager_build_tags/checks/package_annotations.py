"""What a check has to say about the annotations of ours in packages' settings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Final

from packaging.utils import NormalizedName

from ..errors import NeedsError, SettingsError
from ..findings import settings_rules as rules
from ..findings.catalogue import RULES
from ..findings.finding import Finding, Place
from ..plan.source import shipped_expression
from ..settings.annotations import DEPENDS_ON, IGNORE, KNOWN, PREFIX, VERIFY
from ..tag.expression import parse_expression
from ..verify.checks.exempted import parse_declared
from .checkup import Checkup


def check_annotations(checkup: Checkup) -> Iterator[Finding]:
    """Annotations of ours are known, can be read, and say something new."""
    for package in checkup.package_files:
        settings = checkup.tree.settings.package_setting(package)
        levels: dict[tuple[str, ...], Mapping[str, str] | None] = {(): settings.annotations}
        for name, variant in settings.variants.items():
            levels["variants", str(name)] = variant.annotations
        for path, given in levels.items():
            for key, value in (given or {}).items():
                place = checkup.place(package, *path, "annotations", key)
                if path and key.startswith(IGNORE):
                    yield _ignored_for_a_variant(package, key, place)
                elif key.startswith(PREFIX) or _is_misspelt(key):
                    yield from _annotation(package, key, value, place)
    yield from _redundant(checkup)


def _is_misspelt(key: str) -> bool:
    """Tell whether a key is meant to be ours: ``Build_Tags.depends-on``."""
    prefix = re.split(r"[.:/]", key.lower().replace("_", "-"))[0]
    return bool(difflib.get_close_matches(prefix, [PREFIX.rstrip(".")], cutoff=_MISSPELT))


#: ``biuld-tags`` is as near as that, ``build-flags`` is not.
_MISSPELT: Final = 0.88


def _ignored_for_a_variant(package: NormalizedName, key: str, place: Place) -> Finding:
    return rules.BAD_IGNORE.finding(
        f"{key!r} stands below a variant, where it is never read",
        subject=package,
        remedy="move it to the annotations of the package",
        place=place,
    )


def _annotation(package: NormalizedName, key: str, value: str, place: Place) -> Iterator[Finding]:
    if key.startswith(IGNORE):
        yield from _ignore(package, key, value, place)
    elif key not in KNOWN:
        close = difflib.get_close_matches(key.lower().replace("_", "-"), KNOWN, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        yield rules.BAD_ANNOTATION.finding(
            f"there is no annotation {key!r}{hint}",
            subject=package,
            remedy=f"use {', '.join(KNOWN)}, or {IGNORE}CODE",
            place=place,
        )
    elif key == VERIFY:
        yield from _declared(package, value, place)
    else:
        try:
            parse_expression(value)
        except NeedsError as err:
            yield rules.BAD_ANNOTATION.finding(
                str(err), subject=package, remedy=f"correct {key}", place=place
            )


def _declared(package: NormalizedName, value: str, place: Place) -> Iterator[Finding]:
    try:
        parse_declared(value, VERIFY)
    except SettingsError as err:
        yield rules.BAD_ANNOTATION.finding(
            str(err), subject=package, remedy=f"correct {VERIFY}", place=place
        )


def _ignore(package: NormalizedName, key: str, value: str, place: Place) -> Iterator[Finding]:
    code = key.removeprefix(IGNORE)
    if code not in RULES:
        yield rules.BAD_IGNORE.finding(
            f"{key!r} names no rule", subject=package, remedy="correct the code", place=place
        )
    elif not value.strip():
        yield rules.BAD_IGNORE.finding(
            f"{key!r} has no reason", subject=package, remedy="say why as its value", place=place
        )


def _redundant(checkup: Checkup) -> Iterator[Finding]:
    for package in checkup.package_files:
        settings = checkup.tree.settings.package_setting(package)
        given = (settings.annotations or {}).get(DEPENDS_ON)
        shipped = shipped_expression(settings.override_module_name)
        if given is None or shipped is None:
            continue
        try:
            same = parse_expression(given) == parse_expression(shipped)
        except NeedsError:
            continue
        if same:
            yield rules.REDUNDANT_ANNOTATION.finding(
                f"{given!r} is what the shipped override says",
                subject=package,
                remedy="remove it, unless it is to stay when the shipped override changes",
                place=checkup.place(package, "annotations", DEPENDS_ON),
            )
