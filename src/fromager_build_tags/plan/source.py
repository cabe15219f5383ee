"""The source of a package's dependencies: the first of these that exists.

1. ``wheel_build_tag`` in the package's own fromager override module;
2. the annotation ``build-tags.depends-on`` in its settings, of the variant or the package;
3. the module that is shipped for it, in the group ``fromager_build_tags.overrides``;
4. the default: no dependencies, so that a wheel has the distribution segment only.
"""

from __future__ import annotations

import enum
import inspect
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never, cast

from ..errors import NeedsError, PluginError
from ..needs import DependsOn, WheelBuildTag, depends_on
from ..settings.layout import DEPENDS_ON
from . import plugins
from .plugins import WHEEL_BUILD_TAG

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from fromager.packagesettings import PackageBuildInfo


class SourceKind(enum.IntEnum):
    """The kinds of sources, by precedence."""

    OWN_OVERRIDE = 1
    ANNOTATION = 2
    SHIPPED_OVERRIDE = 3
    DEFAULT = 4

    @property
    def label(self) -> str:
        """The kind in words, such as ``own override``."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The source of a package's dependencies.

    Attributes:
        kind: the kind of source.
        name: the override's module, the annotation's expression, or "".
        function: returns the package's segments.
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
            case SourceKind.DEFAULT:
                return "the default"
            case _:
                assert_never(self.kind)


def source_of(ctx: WorkContext, build_info: PackageBuildInfo) -> Source:
    """Return the source of a package's dependencies.

    Raises:
        PluginError: its override does not load, or fromager cannot call it.
        NeedsError: its annotation is not an expression.
    """
    return _own_override(build_info) or _default(ctx, build_info)


def _own_override(build_info: PackageBuildInfo) -> Source | None:
    module = build_info.plugin
    if module is None or not hasattr(module, WHEEL_BUILD_TAG):
        return None
    return _override(SourceKind.OWN_OVERRIDE, module)


def shipped_expression(module_name: str) -> str | None:
    """Return the expression of a package's shipped override; None if there is none.

    Args:
        module_name: the package's name in the spelling of a Python module.
    """
    module = plugins.load_shipped_override(module_name)
    function = getattr(module, WHEEL_BUILD_TAG, None)
    return function.expression if isinstance(function, DependsOn) else None


def _default(ctx: WorkContext, build_info: PackageBuildInfo) -> Source:
    annotations = build_info.annotations
    if annotations and (expression := annotations.get(DEPENDS_ON)) is not None:
        return _annotation(ctx, build_info, expression)
    module = plugins.load_shipped_override(build_info.override_module_name)
    return _DEFAULT if module is None else _override(SourceKind.SHIPPED_OVERRIDE, module)


def _override(kind: SourceKind, module: types.ModuleType) -> Source:
    function = getattr(module, WHEEL_BUILD_TAG, None)
    if not isinstance(function, DependsOn) and (problem := problem_with(function)):
        raise PluginError(f"{module.__name__}.{WHEEL_BUILD_TAG} {problem}")
    return Source(kind=kind, name=module.__name__, function=cast(WheelBuildTag, function))


def problem_with(function: object) -> str | None:
    """Return why fromager cannot call *function*; None if it can.

    ``fromager.overrides.find_and_invoke`` passes the arguments that the signature names, and
    logs the function's ``__name__``.
    """
    if not callable(function):
        return f"is not a function: {function!r}"
    if not hasattr(function, "__name__"):
        return f"has no __name__, which fromager logs: {function!r}; write it with def"
    if "wheel_tags" not in inspect.signature(function).parameters:
        return (
            "does not take wheel_tags, so it cannot recognize a purelib wheel; "
            f"write def {WHEEL_BUILD_TAG}(*, ctx, req, version, wheel_tags)"
        )
    return None


def _annotation(ctx: WorkContext, build_info: PackageBuildInfo, expression: str) -> Source:
    try:
        function = depends_on(expression)
    except NeedsError as err:
        file = f"{build_info.override_module_name}.yaml"
        place = file if ctx.settings_dir is None else ctx.settings_dir / file
        raise NeedsError(
            f"the annotation {DEPENDS_ON} of {build_info.package} for variant "
            f"{build_info.variant!r} ({place}) is wrong: {err}"
        ) from None
    return Source(kind=SourceKind.ANNOTATION, name=expression, function=function)


_DEFAULT: Final = Source(kind=SourceKind.DEFAULT, name="", function=depends_on("none"))
