"""Check what is installed here: the override modules, fromager, and the facts of this machine."""

from __future__ import annotations

import inspect
import itertools
import pathlib
import types
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..errors import BuildTagError, PluginError, SettingsError, explain_error
from ..findings import rules
from ..findings.finding import Finding, Place, Severity
from ..plan import plugins, scope
from ..plan.planner import plan
from ..plan.plugins import PROJECT_OVERRIDES_GROUP, WHEEL_BUILD_TAG
from ..plan.source import problem_with
from ..settings.environment import read_verify_mode
from ..text import did_you_mean
from .inventory import Inventory
from .variants import is_default, misspelled

_ARGUMENTS: Final = ("ctx", "req", "version", "wheel_tags")
_NEEDED: Final = Version("0.99.0")


def check_overrides() -> Iterator[Finding]:
    """BT108, BT109, BT110, BT120, BT124: every installed override is registered and callable."""
    registered = scope.registered(PROJECT_OVERRIDES_GROUP)
    yield from registrations(registered)
    yield from shipped_registrations()
    for name, entry_points in registered.items():
        if len(entry_points) == 1:
            yield from _functions(name, entry_points[0])


def registrations(registered: Mapping[str, Sequence[metadata.EntryPoint]]) -> Iterator[Finding]:
    """BT108, BT124: a package is registered once, by its canonical name with ``_`` for ``-``.

    Two registrations of one package crash fromager, or hide each other.
    """
    for name, entry_points in registered.items():
        yield from _twice(name, entry_points)
        package = canonicalize_name(name)
        expected = package.replace("-", "_")
        for each in map(plugins.describe, entry_points if name != expected else ()):
            yield rules.OVERRIDE_NAME.finding(
                f"{each} is never used: its name has to be {expected}",
                subject=package,
                remedy=f"rename the entry point to {expected}",
            )


def shipped_registrations() -> Iterator[Finding]:
    """BT108, BT124: our group has one name or one pattern for a package, in any spelling."""
    for package in scope.shipped_packages():
        yield from _twice(package, scope.shipped_for(package))
    for each, problem in scope.wrong_patterns():
        yield rules.OVERRIDE_NAME.finding(
            f"{plugins.describe(each)} is not a pattern of a family: {problem}",
            subject=each.name,
            remedy="rename the entry point, or uninstall its distribution: until then, builds of "
            "packages that no entry point names fail",
        )
    for (one, pattern), (other, another) in itertools.combinations(scope.patterns(), 2):
        if example := pattern.common(another):
            described = sorted(map(plugins.describe, (one, other)))
            yield rules.OVERRIDE_REGISTERED_TWICE.finding(
                f"{' and '.join(described)} match the same packages, such as {example}",
                subject=one.name,
                remedy="uninstall one of the distributions, or make one of the patterns narrower",
            )


def _twice(name: str, entry_points: Sequence[metadata.EntryPoint]) -> Iterator[Finding]:
    if len(entry_points) > 1:
        yield rules.OVERRIDE_REGISTERED_TWICE.finding(
            f"{name} is registered by {' and '.join(sorted(map(plugins.describe, entry_points)))}",
            subject=canonicalize_name(name),
            remedy="uninstall one of the distributions, or remove its entry point",
        )


def _functions(name: str, entry_point: metadata.EntryPoint) -> Iterator[Finding]:
    subject, described = name.replace("_", "-"), plugins.describe(entry_point)
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
        yield from check_signature(subject, described, function, _place(module, function))
    elif scope.is_shipped(canonicalize_name(name)):
        yield rules.OVERRIDE_WITHOUT_TAG.finding(
            f"{described} has no {WHEEL_BUILD_TAG}: the shipped override provides the build tag",
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
    problem, severity = problem_with(function), None
    remedy = "correct its signature: builds of the package fail until this is fixed"
    if not problem and callable(function):
        accepted = inspect.signature(function).parameters
        if missing := ", ".join(name for name in _ARGUMENTS if name not in accepted):
            problem = f"does not accept {missing}: fromager logs a warning at every call"
            severity = Severity.WARNING
            remedy = f"write def {WHEEL_BUILD_TAG}(*, {', '.join(_ARGUMENTS)})"
    if problem:
        yield rules.OVERRIDE_SIGNATURE.finding(
            f"{WHEEL_BUILD_TAG} of {described} {problem}",
            subject=subject,
            remedy=remedy,
            place=place,
            severity=severity,
        )


def check_fromager(version: str) -> Iterator[Finding]:
    """BT122: fromager supports the hook."""
    if Version(version) < _NEEDED:
        yield rules.OLD_FROMAGER.finding(
            f"fromager {version} does not support wheels.build_tag_hook",
            subject="fromager",
            remedy=f"install fromager {_NEEDED} or later",
        )


def check_machine(inventory: Inventory) -> Iterator[Finding]:
    """BT102, BT121, BT122: the selected variant exists, and this machine can build it.

    Every fact that the wanted packages need has to be known; fromager accepts any variant.
    """
    yield from check_fromager(metadata.version("fromager"))
    variant, known = inventory.tree.variant, inventory.known_variants
    if variant not in known and not is_default(variant, known):
        similar = misspelled(variant, known)
        yield rules.UNKNOWN_VARIANT.finding(
            f"the selected variant {variant!r} has no file and no changelog entry"
            f"{did_you_mean(variant, similar)}",
            subject=variant,
            remedy="correct --variant or FROMAGER_VARIANT, or add a file and a changelog entry for "
            "the variant",
            severity=Severity.ERROR if similar else Severity.WARNING,
        )
    for problem in _machine_problems(inventory):
        yield rules.UNRESOLVED_STACK.finding(
            problem, subject=variant, remedy="fix it before the build, which fails after compiling"
        )


def _machine_problems(inventory: Inventory) -> Iterator[str]:
    try:
        read_verify_mode()
    except SettingsError as err:
        yield str(err)
    try:
        tree = inventory.tree.on(inventory.tree.variant)
        stacks = tree.stacks(here=True)
    except BuildTagError as err:
        yield explain_error(err)
        return
    errors: dict[str, list[str]] = {}
    for tag in plan(tree, stacks, inventory.wanted):
        if tag.error:
            errors.setdefault(tag.error, []).append(tag.package)
    for error, packages in errors.items():
        yield f"{error} (needed by {', '.join(dict.fromkeys(packages))})"
