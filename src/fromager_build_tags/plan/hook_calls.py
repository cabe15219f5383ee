"""Call the global hooks and a package's source for one wheel, and collect their segments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fromager import overrides

from ..errors import MissingFactError, PluginError, SegmentError, SettingsError, StackError
from ..needs import DependsOn, distribution
from ..tag.expression import Need
from ..tag.segment import Segment, arrange, parse_segments
from . import plugins
from .source import Source, SourceKind, source_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from fromager.context import WorkContext
    from packaging.requirements import Requirement
    from packaging.tags import Tag
    from packaging.version import Version

    from ..stack.stack import Stack


@dataclass(frozen=True, slots=True)
class GlobalHook:
    """A plugin that returns segments for every wheel."""

    entry_point: EntryPoint

    def __str__(self) -> str:
        return f"the plugin {plugins.describe(self.entry_point)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The segments that one provider returned for one wheel; there may be none."""

    provider: GlobalHook | Source
    segments: tuple[Segment, ...]


def collect(
    *,
    ctx: WorkContext,
    req: Requirement,
    version: Version,
    wheel_tags: frozenset[Tag],
) -> list[Answer]:
    """Call each global hook, then the source of the package, and return their answers.

    Raises:
        BuildTagError: a provider does not load, fails, or returns something else than pairs. The
            message does not name the wheel: many wheels can have the same error.
    """
    arguments = {"ctx": ctx, "req": req, "version": version, "wheel_tags": wheel_tags}
    answers = [
        _call(GlobalHook(extension.entry_point), extension.plugin, arguments)
        for extension in plugins.global_hooks()
    ]
    source = source_of(ctx, ctx.package_build_info(req))
    answers.append(_call(source, _function(source, req), arguments))
    return answers


def _function(source: Source, req: Requirement) -> Callable[..., object]:
    """Return the function that calls a source.

    fromager itself calls a package's own override, and any function whose parameters only its
    signature shows. An expression takes all arguments.
    """
    if source.kind is not SourceKind.OWN_OVERRIDE and isinstance(source.function, DependsOn):
        return source.function
    return functools.partial(
        overrides.find_and_invoke, req.name, plugins.WHEEL_BUILD_TAG, source.function
    )


def deciding_needs(source: Source, version: Version, stack: Stack) -> frozenset[Need] | None:
    """Return the dependencies that, with the stack, decide a wheel's tag; None if more does.

    More does for a package whose source is a full function, or with another global hook.
    """
    if not isinstance(source.function, DependsOn):
        return None
    if any(extension.plugin is not distribution for extension in plugins.global_hooks()):
        return None
    return source.function.needs_on(stack, version)


def arranged(answers: Iterable[Answer]) -> tuple[Segment, ...]:
    """Sort the segments of a wheel, and refuse those that conflict.

    Raises:
        SegmentError: with both segments and both providers.
    """
    return arrange((answer.provider, segment) for answer in answers for segment in answer.segments)


def _call(
    provider: GlobalHook | Source, function: Callable[..., object], arguments: dict[str, Any]
) -> Answer:
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
        return Answer(provider, parse_segments(value))
    except SegmentError as err:
        raise PluginError(f"{provider} returned a wrong value: {err}") from None
