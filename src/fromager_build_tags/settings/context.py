"""The context of a build: the stack of a fromager work context.

Settings, variables and machine are read once for a context, as fromager reads its own settings
once: a fresh build and a cache look-up of one run agree, even if a person edits a file or an
override sets a variable between them. The context of a plan is bound to a stack: nothing is read.
"""

from __future__ import annotations

import os
import pathlib
import weakref
from collections.abc import MutableMapping
from typing import Any, Final, Protocol

from packaging.specifiers import SpecifierSet

from ..stack.machine import Machine, detect
from ..stack.resolve import resolve
from ..stack.stack import DeclaredTorch, Stack
from .layout import variants_dir

#: fromager's own default of ``--settings-dir``.
DEFAULT_SETTINGS_DIR: Final = pathlib.Path("overrides/settings")


class BuildContext(Protocol):
    """The part of fromager's ``WorkContext`` that the stack depends on."""

    @property
    def settings(self) -> Any: ...  # noqa: D102 - fromager's
    @property
    def settings_dir(self) -> pathlib.Path | None: ...  # noqa: D102 - fromager's
    @property
    def constraints(self) -> Any: ...  # noqa: D102 - fromager's


def stack_of(ctx: BuildContext) -> Stack:
    """Return the stack that the wheels of *ctx* are built for.

    Raises:
        BuildTagError: a declaration is wrong, or conflicts with this machine.
    """
    variant: str = ctx.settings.variant
    by_variant = _STACKS.setdefault(ctx, {})
    if variant not in by_variant:
        from .environment import declare  # pydantic takes 0.2 s: not when the hook is imported

        folder = variants_dir(ctx.settings_dir or DEFAULT_SETTINGS_DIR)
        by_variant[variant] = resolve(declare(variant, folder), this_machine(ctx))
    return by_variant[variant]


def lowest_torch_of(ctx: BuildContext) -> DeclaredTorch | None:
    """Return the lowest Torch that any stack of any variant declares; None if none does."""
    from .environment import lowest_torch  # as above

    return lowest_torch(variants_dir(ctx.settings_dir or DEFAULT_SETTINGS_DIR))


def bind(ctx: BuildContext, stack: Stack) -> None:
    """Let :func:`stack_of` return *stack* for *ctx*, whatever this machine reports."""
    _STACKS[ctx] = {ctx.settings.variant: stack}


_STACKS: Final[MutableMapping[BuildContext, dict[str, Stack]]] = weakref.WeakKeyDictionary()


def this_machine(ctx: BuildContext) -> Machine:
    """Return the facts that this machine reports, with fromager's constraints on Torch."""
    constraint = ctx.constraints.get_constraint("torch")
    return detect(os.environ, constraint.specifier if constraint else SpecifierSet())
