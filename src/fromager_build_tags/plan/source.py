"""The sources of segments: the global hooks, and one source of each package's dependencies.

The source of a package is the first of these that exists:

1. ``wheel_build_tag`` in the package's own fromager override module;
2. the annotation ``build-tags.depends-on`` in its settings, of the variant or the package;
3. the module that is shipped for it, in the group ``fromager_build_tags.overrides``;
4. the default: no dependencies, so that a wheel has the distribution segment only.
"""

from __future__ import annotations

import enum
import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from fromager import overrides

from ..errors import (
    MissingFactError,
    NeedsError,
    PluginError,
    SegmentError,
    SettingsError,
    StackError,
)
from ..needs import DependsOn, WheelBuildTag, depends_on, distribution
from ..settings.layout import DEPENDS_ON
from ..tag.expression import Need
from ..tag.segment import Segment, parse_segments
from . import plugins, scope
from .plugins import WHEEL_BUILD_TAG

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from fromager.packagesettings import PackageBuildInfo
    from packaging.requirements import Requirement
    from packaging.tags import Tag
    from packaging.version import Version

    from ..stack.stack import Stack


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
    """The source of a package's dependencies, whose function returns the package's segments.

    Its name is the override's module, the annotation's expression, or "". If a pattern of names is
    registered for a shipped override, and not the name of the package, it has this pattern, too.
    """

    kind: SourceKind
    name: str
    function: WheelBuildTag
    pattern: str = ""

    def __str__(self) -> str:
        family = f" for {self.pattern}" if self.pattern else ""
        return _LABELS[self.kind].format(self.name) + family


_LABELS: Final = {
    SourceKind.OWN_OVERRIDE: "the override {}",
    SourceKind.ANNOTATION: f"the annotation {DEPENDS_ON}: {{!r}}",
    SourceKind.SHIPPED_OVERRIDE: "the shipped override {}",
    SourceKind.DEFAULT: "the default",
}
_DEFAULT: Final = Source(kind=SourceKind.DEFAULT, name="", function=depends_on("none"))


def source_of(ctx: WorkContext, build_info: PackageBuildInfo) -> Source:
    """Return the source of a package's dependencies.

    Raises:
        PluginError: its override does not load, or fromager cannot call it.
        NeedsError: its annotation is not an expression.
    """
    module = build_info.plugin
    if module is not None and hasattr(module, WHEEL_BUILD_TAG):
        return _override(SourceKind.OWN_OVERRIDE, module)
    annotations = build_info.annotations
    if annotations and (expression := annotations.get(DEPENDS_ON)) is not None:
        return _annotation(ctx, build_info, expression)
    shipped = plugins.load_shipped_override(build_info.override_module_name)
    if shipped is None:
        return _DEFAULT
    pattern = scope.pattern_of(build_info.package)
    return _override(SourceKind.SHIPPED_OVERRIDE, shipped, pattern)


def shipped_expression(module_name: str) -> str | None:
    """Return the expression of a package's shipped override; None if there is none.

    The package may be named in any spelling.
    """
    module = plugins.load_shipped_override(module_name)
    function = getattr(module, WHEEL_BUILD_TAG, None)
    return function.expression if isinstance(function, DependsOn) else None


def _override(kind: SourceKind, module: types.ModuleType, pattern: str = "") -> Source:
    function = getattr(module, WHEEL_BUILD_TAG, None)
    if not isinstance(function, DependsOn) and (problem := problem_with(function)):
        raise PluginError(f"{module.__name__}.{WHEEL_BUILD_TAG} {problem}")
    return Source(
        kind=kind,
        name=module.__name__,
        function=cast(WheelBuildTag, function),
        pattern=pattern,
    )


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


def collect(
    *,
    ctx: WorkContext,
    req: Requirement,
    version: Version,
    wheel_tags: frozenset[Tag],
) -> list[tuple[object, Segment]]:
    """Call each global hook, then the source of the package, for one wheel.

    Returns:
        The segments, each behind its provider, whose ``str`` names it.

    Raises:
        BuildTagError: a provider does not load, fails, or returns something else than pairs. The
            message does not name the wheel: many wheels can have the same error.
    """
    arguments = {"ctx": ctx, "req": req, "version": version, "wheel_tags": wheel_tags}
    given: list[tuple[object, Segment]] = []
    for extension in plugins.global_hooks():
        given += _call(_GlobalHook(extension.entry_point), extension.plugin, arguments)
    source = source_of(ctx, ctx.package_build_info(req))
    function: Callable[..., object] = source.function
    # fromager itself calls a package's own override, and any function whose parameters only its
    # signature shows; an expression takes all arguments
    if source.kind is SourceKind.OWN_OVERRIDE or not isinstance(function, DependsOn):
        function = functools.partial(
            overrides.find_and_invoke, req.name, WHEEL_BUILD_TAG, source.function
        )
    return given + _call(source, function, arguments)


@dataclass(frozen=True, slots=True)
class _GlobalHook:
    """A plugin that returns segments for every wheel."""

    entry_point: Any

    def __str__(self) -> str:
        return f"the plugin {plugins.describe(self.entry_point)}"


def deciding_needs(source: Source, version: Version, stack: Stack) -> frozenset[Need] | None:
    """Return the dependencies that, with the stack, decide a wheel's tag; None if more does.

    More does for a package whose source is a full function, or with another global hook.
    """
    if not isinstance(source.function, DependsOn):
        return None
    if any(extension.plugin is not distribution for extension in plugins.global_hooks()):
        return None
    return source.function.needs_on(stack, version)


def _call(
    provider: _GlobalHook | Source, function: Callable[..., object], arguments: dict[str, Any]
) -> list[tuple[object, Segment]]:
    try:
        value = function(**arguments)
    except MissingFactError as err:
        raise MissingFactError(f"{provider} needs an unknown fact") from err
    except (StackError, SettingsError) as err:
        raise StackError("the stack cannot be resolved") from err
    except SystemExit as err:  # fromager would end without a message, perhaps with status 0
        raise PluginError(
            f"{provider} called exit({err.code!r}): let it return pairs, or raise an error"
        ) from None
    except Exception as err:
        raise PluginError(f"{provider} failed") from err
    try:
        return [(provider, segment) for segment in parse_segments(value)]
    except SegmentError as err:
        raise PluginError(f"{provider} returned a wrong value: {err}") from None
