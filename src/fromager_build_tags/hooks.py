"""fromager's entry: the function for the setting ``wheels.build_tag_hook``.

Nothing is read or loaded when this module is imported: an import error here would break every
fromager command. Segments come from the global hooks (every plugin named ``wheel_build_tag``
in the group ``fromager.hooks``) and from the package's source; fromager joins their texts to
the suffix of the build tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .errors import BuildTagError
from .plan.source import collect
from .tag.segment import arrange

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from packaging.requirements import Requirement
    from packaging.tags import Tag
    from packaging.version import Version

    from .tag.segment import Segment


def build_tag_hook(
    *,
    ctx: WorkContext,
    req: Requirement,
    version: Version,
    wheel_tags: frozenset[Tag],
    **_more: object,
) -> Sequence[str]:
    """Return the texts of a wheel's segments: the value of ``wheels.build_tag_hook``.

    Further keywords, which a later fromager may add, are ignored.

    Raises:
        BuildTagError: see :func:`run_wheel_build_tag_hooks`.
    """
    found = run_wheel_build_tag_hooks(ctx=ctx, req=req, version=version, wheel_tags=wheel_tags)
    return [segment.text for segment in found]


def run_wheel_build_tag_hooks(
    *, ctx: WorkContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
) -> Sequence[Segment]:
    """Return all segments of a wheel as ``(order, text)`` pairs.

    They are sorted by order, ties by text; exact repeats are dropped.

    Raises:
        PluginError: a plugin or the override does not load, fails, or returns something else
            than ``(order, text)`` pairs.
        StackError: the stack cannot be resolved, or a fact in it is unknown.
        SegmentError: two segments conflict.
    """
    try:
        return arrange(collect(ctx=ctx, req=req, version=version, wheel_tags=wheel_tags))
    except BuildTagError as err:
        wheel = f"{req.name} {version}"
        raise type(err)(f"no build tag for {wheel}: {err}") from err.__cause__
