"""Who says what a package needs: the first of four that speaks.

1. ``wheel_build_tag`` in the package's own fromager override module;
2. the annotation ``build-tags.depends-on`` in its settings, package or variant level;
3. the module that is shipped for it, in the group ``fromager_build_tags.overrides``;
4. nobody: the distribution segment only.
"""

from __future__ import annotations

import enum
import inspect
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never, cast

from ..errors import NeedsError, PluginError
from ..needs import DependsOn, WheelBuildTag, depends_on
from ..settings.annotations import DEPENDS_ON
from . import plugins
from .plugins import WHEEL_BUILD_TAG

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from fromager.packagesettings import PackageBuildInfo


class SourceKind(enum.IntEnum):
    """Which of the four spoke."""

    OWN_OVERRIDE = 1
    ANNOTATION = 2
    SHIPPED_OVERRIDE = 3
    NOBODY = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Who speaks for a package, and what it says.

    Attributes:
        kind: which of the four it is.
        name: the override's module, the annotation's expression, or "".
        function: the function that returns the package's segments.
    """

    kind: SourceKind
    name: str
    function: WheelBuildTag

    def __str__(self) -> str:
        match self.kind:
            case SourceKind.OWN_OVERRIDE:
                return f"the override {self.name}"
            case SourceKind.ANNOTATION:
                return f"the annotation {DEPENDS_ON}: {self.name!r}"
            case SourceKind.SHIPPED_OVERRIDE:
                return f"the shipped override {self.name}"
            case SourceKind.NOBODY:
                return "nobody"
            case _:
                assert_never(self.kind)


def source_of(ctx: WorkContext, build_info: PackageBuildInfo) -> Source:
    """Return who says what a package needs.

    Raises:
        PluginError: its override cannot be called as fromager calls it, or does not load.
        NeedsError: its annotation cannot be read.
    """
    return _own_override(build_info) or _default(ctx, build_info)


def _own_override(build_info: PackageBuildInfo) -> Source | None:
    module = build_info.plugin
    if module is None or not hasattr(module, WHEEL_BUILD_TAG):
        return None
    return _override(SourceKind.OWN_OVERRIDE, module)


def shipped_expression(module_name: str) -> str | None:
    """Return what the shipped override of a package says in one line; None if nothing is.

    Args:
        module_name: the package's name as a Python module is called.
    """
    module = plugins.load_shipped_override(module_name)
    says = getattr(module, WHEEL_BUILD_TAG, None)
    return says.expression if isinstance(says, DependsOn) else None


def _default(ctx: WorkContext, build_info: PackageBuildInfo) -> Source:
    annotations = build_info.annotations
    if annotations and (expression := annotations.get(DEPENDS_ON)) is not None:
        return _annotation(ctx, build_info, expression)
    module = plugins.load_shipped_override(build_info.override_module_name)
    return _NOBODY if module is None else _override(SourceKind.SHIPPED_OVERRIDE, module)


def _override(kind: SourceKind, module: types.ModuleType) -> Source:
    function = getattr(module, WHEEL_BUILD_TAG, None)
    if not isinstance(function, DependsOn) and (complaint := problem_with(function)):
        raise PluginError(f"{module.__name__}.{WHEEL_BUILD_TAG} {complaint}")
    return Source(kind=kind, name=module.__name__, function=cast(WheelBuildTag, function))


def problem_with(function: object) -> str | None:
    """Return what keeps fromager from calling *function*, if anything.

    ``fromager.overrides.find_and_invoke`` passes the arguments that the signature names, and
    logs the function's ``__name__``.
    """
    if not callable(function):
        return f"is not a function: {function!r}"
    if not hasattr(function, "__name__"):
        return f"has no __name__, which fromager logs: {function!r}; write it with def"
    if "wheel_tags" not in inspect.signature(function).parameters:
        return (
            "does not take wheel_tags, so it cannot tell a purelib wheel; "
            f"write def {WHEEL_BUILD_TAG}(*, ctx, req, version, wheel_tags)"
        )
    return None


def _annotation(ctx: WorkContext, build_info: PackageBuildInfo, expression: str) -> Source:
    try:
        says = depends_on(expression)
    except NeedsError as err:
        file = f"{build_info.override_module_name}.yaml"
        place = file if ctx.settings_dir is None else ctx.settings_dir / file
        raise NeedsError(
            f"the annotation {DEPENDS_ON} of {build_info.package} for variant "
            f"{build_info.variant!r} ({place}) is wrong: {err}"
        ) from None
    return Source(kind=SourceKind.ANNOTATION, name=expression, function=says)


_NOBODY: Final = Source(kind=SourceKind.NOBODY, name="", function=depends_on("none"))
