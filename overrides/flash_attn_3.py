"""FlashAttention 3 calls libtorch through its stable ABI when built against Torch 2.9 or later, and
through its C++ API otherwise; read in its hopper/setup.py, measured in xformers 0.0.34, which
carries the same code."""

from collections.abc import Sequence

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.version import Version

from fromager_build_tags.context import BuildContext, stack_of
from fromager_build_tags.facts import Fact
from fromager_build_tags.needs import Need, is_platlib, segments


def wheel_build_tag(
    *, ctx: BuildContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
) -> Sequence[tuple[int, str]]:
    """Return both segments, unless the Torch that it is built against is known to be 2.9 or later.

    Where it is not known the Torch segment is an error, which says how to tell it.
    """
    if not is_platlib(wheel_tags):
        return []
    torch = stack_of(ctx).torch_version
    stable = isinstance(torch, Fact) and torch.value >= Version("2.9")
    needs = [Need.ACCELERATOR] if stable else [Need.ACCELERATOR, Need.TORCH]
    return segments(needs, ctx=ctx, wheel_tags=wheel_tags)
