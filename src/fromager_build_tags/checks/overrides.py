"""Check the installed override modules."""

from __future__ import annotations

import inspect
import pathlib
import types
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Final

from packaging.utils import canonicalize_name

from ..errors import PluginError, explain_error
from ..findings import settings_rules as rules
from ..findings.finding import Finding, Place, Severity
from ..plan import plugins
from ..plan.plugins import PROJECT_OVERRIDES_GROUP, SHIPPED_GROUP, WHEEL_BUILD_TAG
from ..plan.source import problem_with

_ARGUMENTS: Final = ("ctx", "req", "version", "wheel_tags")


def check_overrides() -> Iterator[Finding]:
    """BT108, BT109, BT110, BT120, BT124: every installed override is registered and callable."""
    for group in (PROJECT_OVERRIDES_GROUP, SHIPPED_GROUP):
        registered = plugins.registered(group)
        yield from registered_twice(registered)
        yield from unexpected_name(registered)
    for name, entry_points in plugins.registered(PROJECT_OVERRIDES_GROUP).items():
        if len(entry_points) == 1:
            yield from _functions(name, entry_points[0])


def registered_twice(
    registrations: Mapping[str, Sequence[metadata.EntryPoint]],
) -> Iterator[Finding]:
    """BT108: two registrations of one package crash fromager, or hide each other."""
    for name, entry_points in registrations.items():
        if len(entry_points) > 1:
            described = " and ".join(sorted(map(plugins.describe, entry_points)))
            yield rules.OVERRIDE_REGISTERED_TWICE.finding(
                f"{name} is registered by {described}",
                subject=name.replace("_", "-"),
                remedy="uninstall one of the distributions, or remove its entry point",
            )


def unexpected_name(
    registrations: Mapping[str, Sequence[metadata.EntryPoint]],
) -> Iterator[Finding]:
    """BT124: the name of an override is its package's canonical name with ``_`` for ``-``."""
    for name, entry_points in registrations.items():
        package = canonicalize_name(name)
        expected = package.replace("-", "_")
        if name != expected:
            for entry_point in entry_points:
                yield rules.OVERRIDE_NAME.finding(
                    f"{plugins.describe(entry_point)} is never used: its name has to be {expected}",
                    subject=package,
                    remedy=f"rename the entry point to {expected}",
                )


def _functions(name: str, entry_point: metadata.EntryPoint) -> Iterator[Finding]:
    subject = name.replace("_", "-")
    try:
        module = plugins.load_override(entry_point)
    except PluginError as err:
        yield rules.OVERRIDE_DOES_NOT_LOAD.finding(
            explain_error(err),
            subject=subject,
            remedy="fix it, or uninstall its distribution: until then every fromager command fails",
        )
        return
    if hasattr(module, WHEEL_BUILD_TAG):
        function = getattr(module, WHEEL_BUILD_TAG)
        described = plugins.describe(entry_point)
        yield from check_signature(subject, described, function, _place(module, function))
    elif name in plugins.shipped_overrides():
        yield rules.OVERRIDE_WITHOUT_TAG.finding(
            f"{plugins.describe(entry_point)} has no {WHEEL_BUILD_TAG}: the shipped override "
            "provides the build tag",
            subject=subject,
            remedy=f"nothing to do; add a {WHEEL_BUILD_TAG} to replace the shipped override",
            place=_place(module),
        )


def _place(module: types.ModuleType, function: object = None) -> Place:
    """Return the place of an override below the current folder; no place for files elsewhere."""
    file = getattr(module, "__file__", None) or ""
    here = pathlib.Path().absolute()
    if not file or not pathlib.Path(file).is_relative_to(here):
        return Place()
    code = getattr(function, "__code__", None)
    line = code.co_firstlineno if code and code.co_filename == file else 0
    return Place(file=str(pathlib.Path(file).relative_to(here)), line=line)


def check_signature(
    subject: str, described: str, function: object, place: Place
) -> Iterator[Finding]:
    """BT109: fromager passes the arguments that a signature names, and warns about each other."""
    if complaint := problem_with(function):
        yield rules.OVERRIDE_SIGNATURE.finding(
            f"{WHEEL_BUILD_TAG} of {described} {complaint}",
            subject=subject,
            remedy="correct its signature: builds of the package fail until this is fixed",
            place=place,
        )
        return
    accepted = inspect.signature(function).parameters if callable(function) else {}
    missing = [name for name in _ARGUMENTS if name not in accepted]
    if missing:
        yield rules.OVERRIDE_SIGNATURE.finding(
            f"{WHEEL_BUILD_TAG} of {described} does not accept {', '.join(missing)}: fromager "
            "logs a warning at every call",
            subject=subject,
            remedy=f"write def {WHEEL_BUILD_TAG}(*, {', '.join(_ARGUMENTS)})",
            place=place,
            severity=Severity.WARNING,
        )
