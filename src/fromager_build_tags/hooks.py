"""fromager's door: the function behind the setting ``wheels.build_tag_hook``.

Nothing is read or loaded when this module is imported: an import error here would break every
fromager command. Segments come from the global hooks (every plugin named ``wheel_build_tag``
in the group ``fromager.hooks``) and from the package's own override; arranged, their texts are
what fromager joins to the suffix of the build tag.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fromager import overrides

from . import plugins, speaker
from .errors import PluginError, SegmentError
from .segment import Segment, arrange, parse_segments

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from fromager.context import WorkContext
    from packaging.requirements import Requirement
    from packaging.tags import Tag
    from packaging.version import Version


def build_tag_hook(
    *,
    ctx: WorkContext,
    req: Requirement,
    version: Version,
    wheel_tags: frozenset[Tag],
    **_more: object,
) -> Sequence[str]:
    """Return the texts of a wheel's segments: the value of ``wheels.build_tag_hook``.

    Keywords that fromager may add some day are taken in silence.

    Raises:
        BuildTagError: what is wrong, and with whom; see :func:`run_wheel_build_tag_hooks`.
    """
    return run_wheel_build_tag_hooks(ctx=ctx, req=req, version=version, wheel_tags=wheel_tags)


def run_wheel_build_tag_hooks(
    *, ctx: WorkContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
) -> Sequence[str]:
    """Return the texts of all segments of a wheel, in order.

    Raises:
        PluginError: a plugin or the override does not load, fails, or answers with something
            else than ``(order, text)`` pairs.
        SegmentError: two of them contradict each other.
    """
    given = given_segments(ctx=ctx, req=req, version=version, wheel_tags=wheel_tags)
    return [segment.text for segment in arranged(given, req, version)]


@dataclass(frozen=True, slots=True)
class GlobalHook:
    """A plugin that speaks of every wheel."""

    entry_point: EntryPoint

    def __str__(self) -> str:
        return f"the plugin {plugins.describe(self.entry_point)}"


type Giver = GlobalHook | speaker.Speaker


def given_segments(
    *, ctx: WorkContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
) -> list[tuple[Giver, Segment]]:
    """Return the segments that everybody gives a wheel, each behind its giver, not arranged.

    Raises:
        BuildTagError: somebody does not load, fails, or answers wrongly.
    """
    wheel = {"ctx": ctx, "req": req, "version": version, "wheel_tags": wheel_tags}
    given: list[tuple[Giver, Segment]] = []
    for extension in plugins.global_hooks():
        given += _ask(GlobalHook(extension.entry_point), extension.plugin, wheel)
    chosen = speaker.speaker_of(ctx, req)
    # fromager itself looks for the package's own override; where there is none, it calls ours
    invoke = functools.partial(
        overrides.find_and_invoke, req.name, plugins.WHEEL_BUILD_TAG, chosen.says
    )
    given += _ask(chosen, invoke, wheel)
    return given


def arranged(
    given: Iterable[tuple[Giver, Segment]], req: Requirement, version: Version
) -> tuple[Segment, ...]:
    """Sort the segments of a wheel, and refuse those that contradict each other.

    Raises:
        SegmentError: with the wheel, both segments and both givers.
    """
    try:
        return arrange(given)
    except SegmentError as err:
        raise SegmentError(f"{req.name} {version}: {err}") from None


def _ask(
    giver: Giver, function: Callable[..., object], wheel: dict[str, Any]
) -> list[tuple[Giver, Segment]]:
    name = f"{wheel['req'].name} {wheel['version']}"
    try:
        answer = function(**wheel)
    except Exception as err:
        raise PluginError(f"{giver} failed for {name}") from err
    try:
        return [(giver, segment) for segment in parse_segments(answer)]
    except SegmentError as err:
        raise PluginError(f"{giver} answered wrongly for {name}: {err}") from None
