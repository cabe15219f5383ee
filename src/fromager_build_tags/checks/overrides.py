"""What a check has to say about the override modules that are installed."""

from __future__ import annotations

import dataclasses
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

_GIVEN: Final = ("ctx", "req", "version", "wheel_tags")


def overrides() -> Iterator[Finding]:
    """Check every registration, and every ``wheel_build_tag``, that is installed."""
    for group in (PROJECT_OVERRIDES_GROUP, SHIPPED_GROUP):
        registered = plugins.registered(group)
        yield from registered_twice(registered)
        yield from never_looked_for(registered)
    for name, entry_points in plugins.registered(PROJECT_OVERRIDES_GROUP).items():
        if len(entry_points) == 1:
            yield from _functions(name, entry_points[0])


def registered_twice(
    registrations: Mapping[str, Sequence[metadata.EntryPoint]],
) -> Iterator[Finding]:
    """Two registrations of one package crash fromager, or one of them wins in silence."""
    for name, entry_points in registrations.items():
        if len(entry_points) > 1:
            described = " and ".join(sorted(map(plugins.describe, entry_points)))
            yield rules.OVERRIDE_REGISTERED_TWICE.finding(
                f"{name} is registered by {described}",
                subject=name.replace("_", "-"),
                remedy="uninstall one of the distributions, or remove its entry point",
            )


def never_looked_for(
    registrations: Mapping[str, Sequence[metadata.EntryPoint]],
) -> Iterator[Finding]:
    """A package is looked up by its canonical name with ``_`` alone, and no other name is heard."""
    for name, entry_points in registrations.items():
        package = canonicalize_name(name)
        heard = package.replace("-", "_")
        if name != heard:
            for entry_point in entry_points:
                yield rules.OVERRIDE_NAME.finding(
                    f"{plugins.describe(entry_point)} is never called: it is looked for as {heard}",
                    subject=package,
                    remedy=f"name the entry point {heard}",
                )


def _functions(name: str, entry_point: metadata.EntryPoint) -> Iterator[Finding]:
    subject = name.replace("_", "-")
    try:
        module = plugins.load_override(entry_point)
    except PluginError as err:
        yield rules.OVERRIDE_DOES_NOT_LOAD.finding(
            explain_error(err),
            subject=subject,
            remedy="mend it, or uninstall its distribution: fromager stops at every command",
        )
        return
    if hasattr(module, WHEEL_BUILD_TAG):
        function = getattr(module, WHEEL_BUILD_TAG)
        for finding in signature(subject, plugins.describe(entry_point), function):
            yield dataclasses.replace(finding, place=_place(module, function))
    elif name in plugins.shipped_overrides():
        yield rules.OVERRIDE_WITHOUT_TAG.finding(
            f"{plugins.describe(entry_point)} has no {WHEEL_BUILD_TAG}: the shipped override "
            "speaks for the build tag",
            subject=subject,
            remedy=f"nothing, or give it a {WHEEL_BUILD_TAG} of its own",
            place=_place(module),
        )


def _place(module: types.ModuleType, function: object = None) -> Place:
    """Return where an override stands, if that is below the current folder: others cannot look."""
    file = getattr(module, "__file__", None) or ""
    here = pathlib.Path().absolute()
    if not file or not pathlib.Path(file).is_relative_to(here):
        return Place()
    code = getattr(function, "__code__", None)
    line = code.co_firstlineno if code and code.co_filename == file else 0
    return Place(file=str(pathlib.Path(file).relative_to(here)), line=line)


def signature(subject: str, described: str, function: object) -> Iterator[Finding]:
    """Fromager passes the arguments that a signature names, and warns of each it leaves out."""
    if complaint := problem_with(function):
        yield rules.OVERRIDE_SIGNATURE.finding(
            f"{WHEEL_BUILD_TAG} of {described} {complaint}",
            subject=subject,
            remedy="correct its signature: a build of the package would stop",
        )
        return
    taken = inspect.signature(function).parameters if callable(function) else {}
    missing = [name for name in _GIVEN if name not in taken]
    if missing:
        yield rules.OVERRIDE_SIGNATURE.finding(
            f"{WHEEL_BUILD_TAG} of {described} does not take {', '.join(missing)}, and fromager "
            "warns of it at every call",
            subject=subject,
            remedy=f"write def {WHEEL_BUILD_TAG}(*, {', '.join(_GIVEN)})",
            severity=Severity.WARNING,
        )
