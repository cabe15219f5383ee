"""fromager's entry: the function behind the setting ``wheels.build_tag_hook``.

Nothing is read or loaded when this module is imported: an import error here would break every
fromager command. Segments come from the global hooks (every plugin named ``wheel_build_tag``
in the group ``fromager.hooks``) and from the package's source; arranged, their texts are
what fromager joins to the suffix of the build tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .plan.hook_calls import arranged, collect

if TYPE_CHECKING:
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
        StackError: what the wheels are built for cannot be told.
        SegmentError: two of them contradict each other.
    """
    answers = collect(ctx=ctx, req=req, version=version, wheel_tags=wheel_tags)
    return [segment.text for segment in arranged(answers, req, version)]
