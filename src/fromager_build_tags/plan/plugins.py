"""Entry points, and the distributions that register them.

stevedore's cache of entry points does not contain their distribution, so an error message reads
the metadata again.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, cast

from packaging.utils import NormalizedName, canonicalize_name
from stevedore import extension, hook

from ..errors import PluginError
from ..settings.layout import DEPENDS_ON
from . import scope
from .scope import registered

if TYPE_CHECKING:
    from fromager.packagesettings import Settings

#: fromager's group of global hooks, and the name of ours in it.
HOOKS_GROUP: Final = "fromager.hooks"
#: fromager's group of override modules; its entry points are named like Python modules.
PROJECT_OVERRIDES_GROUP: Final = "fromager.project_overrides"
#: The name of the global hook, and of the function in an override module.
WHEEL_BUILD_TAG: Final = "wheel_build_tag"


@functools.cache
def global_hooks() -> Sequence[extension.Extension[Any]]:
    """Return every global hook named ``wheel_build_tag``, loaded.

    Raises:
        PluginError: one does not load.
    """
    try:
        manager: hook.HookManager[Any] = hook.HookManager(
            namespace=HOOKS_GROUP,
            name=WHEEL_BUILD_TAG,
            on_load_failure_callback=_refuse,
        )
    except SystemExit as err:  # stevedore does not catch it, and fromager would end in silence
        for entry_point in registered(HOOKS_GROUP)[WHEEL_BUILD_TAG]:
            load_override(entry_point)
        raise PluginError(f"a plugin {WHEEL_BUILD_TAG} calls exit({err.code!r})") from None
    return tuple(manager)


def _refuse(manager: object, entry_point: metadata.EntryPoint, error: BaseException) -> None:
    raise PluginError(f"{describe(entry_point)} does not load") from error


def load_override(entry_point: metadata.EntryPoint) -> types.ModuleType:
    """Import an override module, or a plugin.

    Raises:
        PluginError: it does not load.
    """
    try:
        return cast(types.ModuleType, entry_point.load())
    except SystemExit as err:
        cause: Exception = ImportError(f"it calls exit({err.code!r}) when it is imported")
    except Exception as err:  # noqa: BLE001 - raised below, as the cause
        cause = err
    raise PluginError(f"{describe(entry_point)} does not load") from cause


def load_overrides(settings: Settings) -> None:
    """Let fromager load every override, which it does once.

    Raises:
        PluginError: one does not load, or two are registered for one package.
    """
    any_package = NormalizedName("torch")
    try:
        _ = settings.package_build_info(any_package).plugin  # looks all of them up
    except (Exception, SystemExit) as err:  # whatever an override, stevedore and fromager raise
        refuse_broken_overrides()
        raise PluginError("fromager cannot load the overrides") from err


def refuse_broken_overrides() -> None:
    """Refuse an override that keeps fromager from loading all of them.

    Raises:
        PluginError: one does not load, or several distributions register one of a package.
    """
    overrides = registered(PROJECT_OVERRIDES_GROUP)
    for name, candidates in overrides.items():
        _refuse_several(name, candidates)
    for candidates in overrides.values():
        try:
            load_override(candidates[0])
        except PluginError as err:
            raise PluginError(
                "fromager cannot load the overrides: fix or uninstall "
                f"{describe(candidates[0])}, which does not load"
            ) from err.__cause__


def _refuse_several(
    name: str,
    candidates: Sequence[metadata.EntryPoint],
    problem: str = "is registered more than once",
    remedy: str = "or remove an entry point",
) -> None:
    if len(candidates) > 1:
        found = sorted(map(describe, candidates))
        raise PluginError(
            f"{name} {problem}: {' and '.join(found)}: "
            f"uninstall all but one of these distributions, {remedy}"
        )


@functools.cache
def load_shipped_override(name: str) -> types.ModuleType | None:
    """Return the module that is registered in our group for a package, if there is one.

    Args:
        name: of the package, in any spelling.

    Raises:
        PluginError: it does not load, several names or patterns are for the package, or a pattern
            is wrong and no entry point has the package's own name.
    """
    package = canonicalize_name(name)
    candidates = scope.shipped_for(package)
    if candidates and not scope.pattern_of(package):
        _refuse_several(name, candidates)
    else:
        _refuse_wrong_patterns()
        _refuse_several(name, candidates, "matches several patterns", _OR_DECLARE)
    return load_override(candidates[0]) if candidates else None


_OR_DECLARE: Final = f"remove an entry point, or set {DEPENDS_ON} in the settings of the package"


def _refuse_wrong_patterns() -> None:
    for entry_point, problem in scope.wrong_patterns():
        raise PluginError(
            f"{describe(entry_point)} is not a pattern of a family: {problem}; "
            "rename the entry point, or uninstall its distribution"
        )


def describe(entry_point: metadata.EntryPoint) -> str:
    """Return an entry point and its distribution, for a message."""
    return (
        f"{entry_point.group}: {entry_point.name} = {entry_point.value} "
        f"({distribution_of(entry_point)})"
    )


@functools.cache
def distribution_of(entry_point: metadata.EntryPoint) -> str:
    """Return name and version of the distribution that registers *entry_point*."""
    if entry_point.dist is not None:
        return f"{entry_point.dist.name} {entry_point.dist.version}"
    wanted = (entry_point.group, entry_point.name, entry_point.value)
    for dist in metadata.distributions():
        for other in dist.entry_points:
            if (other.group, other.name, other.value) == wanted:
                return f"{dist.name} {dist.version}"
    return "of no installed distribution"
