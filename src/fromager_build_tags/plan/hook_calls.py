"""Call the global hooks and the override of one wheel, and collect their segments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fromager import overrides

from .. import needs
from ..errors import MissingFactError, PluginError, SegmentError, SettingsError, StackError
from ..tag.segment import Segment, arrange, parse_segments
from . import plugins
from . import source as sources

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from fromager.context import WorkContext
    from packaging.requirements import Requirement
    from packaging.tags import Tag
    from packaging.version import Version

    from ..stack.stack import Stack


@dataclass(frozen=True, slots=True)
class GlobalHook:
    """A plugin that speaks of every wheel."""

    entry_point: EntryPoint

    def __str__(self) -> str:
        return f"the plugin {plugins.describe(self.entry_point)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one provider says of one wheel, perhaps nothing."""

    provider: GlobalHook | sources.Source
    segments: tuple[Segment, ...]


def collect(
    *, ctx: WorkContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
) -> list[Answer]:
    """Return what everybody says of a wheel: each global hook, last whoever knows the package.

    Raises:
        BuildTagError: somebody does not load, fails, or answers wrongly.
    """
    wheel = {"ctx": ctx, "req": req, "version": version, "wheel_tags": wheel_tags}
    answers = [
        _ask(GlobalHook(extension.entry_point), extension.plugin, wheel)
        for extension in plugins.global_hooks()
    ]
    chosen = sources.source_of(ctx, ctx.package_build_info(req))
    answers.append(_ask(chosen, _called(chosen, req), wheel))
    return answers


def _called(chosen: sources.Source, req: Requirement) -> Callable[..., object]:
    """Return how the one who knows a package is asked.

    fromager itself calls the package's own override, and any function of which only the
    signature tells what it takes. What is said in one line takes all there is.
    """
    if chosen.kind is not sources.SourceKind.OWN_OVERRIDE and isinstance(
        chosen.function, needs.DependsOn
    ):
        return chosen.function
    return functools.partial(
        overrides.find_and_invoke, req.name, plugins.WHEEL_BUILD_TAG, chosen.function
    )


def deciding_needs(
    chosen: sources.Source, version: Version, stack: Stack
) -> frozenset[needs.Need] | None:
    """Return the needs that, with the stack, decide a wheel's tag alone; None if more does.

    More does where the package has a full function, or another global hook is installed.
    """
    if not isinstance(chosen.function, needs.DependsOn):
        return None
    if any(extension.plugin is not needs.distribution for extension in plugins.global_hooks()):
        return None
    return chosen.function.needs_on(stack, version)


def arranged(answers: Iterable[Answer], req: Requirement, version: Version) -> tuple[Segment, ...]:
    """Sort the segments of a wheel, and refuse those that contradict each other.

    Raises:
        SegmentError: with the wheel, both segments and both providers.
    """
    try:
        return arrange(
            (answer.provider, segment) for answer in answers for segment in answer.segments
        )
    except SegmentError as err:
        raise SegmentError(f"there is no build tag for {req.name} {version}: {err}") from None


def _ask(
    provider: GlobalHook | sources.Source, function: Callable[..., object], wheel: dict[str, Any]
) -> Answer:
    try:
        value = function(**wheel)
    except MissingFactError as err:
        raise MissingFactError(f"{provider} cannot tell the build tag of {_name(wheel)}") from err
    except (StackError, SettingsError) as err:
        raise StackError(f"there is no build tag for {_name(wheel)}") from err
    except SystemExit as err:  # fromager would end without a word, perhaps with status 0
        raise PluginError(
            f"{provider} tried to end fromager for {_name(wheel)} by exit({err.code!r}): "
            "let it return pairs, or raise an error"
        ) from None
    except Exception as err:
        raise PluginError(f"{provider} failed for {_name(wheel)}") from err
    try:
        return Answer(provider, parse_segments(value))
    except SegmentError as err:
        raise PluginError(f"{provider} answered wrongly for {_name(wheel)}: {err}") from None


def _name(wheel: dict[str, Any]) -> str:
    return f"{wheel['req'].name} {wheel['version']}"
