"""How to change the settings so that a wheel that was built gets the segments that fit.

An annotation has no effect if fromager does not call the hook: fromager calls only the hook that
its settings name, and only for wheels with a build number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import click

from ..errors import BuildTagError
from ..needs import DependsOn
from ..plan.source import Source, source_of
from ..settings.context import stack_of
from ..tag.expression import parse_expression
from .checks.examined import set_depends_on

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.version import Version

    from ..settings.tree import WorkContext
    from ..tag.filename import WheelName

_HOOK: Final = "fromager_build_tags.hooks:build_tag_hook"


def remedy_for(ctx: WorkContext, req: Requirement, name: WheelName, expression: str) -> str:
    """Return how to get the segments of *expression*, after a look at the settings.

    Args:
        ctx: of the build.
        req: the package, as fromager builds it.
        name: of the wheel that was built.
        expression: the right value of ``build-tags.depends-on``.
    """
    source = _source(ctx, req)
    steps = list(_hook_not_called(ctx, req, name))
    if source is None or not _provides(source, ctx, name.version, expression):
        steps.append(set_depends_on(name, expression))
    return "; and ".join(steps) or (
        f"{source} of {name.name} provides {expression!r} already: find out where the segments get "
        f"lost with `fromager build-tags explain {name.name}`"
    )


def _hook_not_called(ctx: WorkContext, req: Requirement, name: WheelName) -> Iterator[str]:
    """Yield the fix for each reason why fromager does not call our hook."""
    if not name.suffix and not ctx.package_build_info(req).build_tag(name.version):
        variant = ctx.settings.variant
        yield (
            f"{name.name} {name.version} has no build number on {variant}, so fromager does not "
            f"call the hook: add an entry to changelog.{variant} in {_settings_file()}"
        )
    hook = ctx.settings.build_tag_hook
    if hook is None and not name.suffix:
        yield f'set wheels: {{build_tag_hook: "{_HOOK}"}} in {_settings_file()}'
    elif hook is not None and (configured := _path_of(hook)) != _HOOK:
        yield f"call {_HOOK} in {configured}, the configured wheels.build_tag_hook"


def _path_of(hook: Callable[..., object]) -> str:
    return f"{hook.__module__}:{getattr(hook, '__qualname__', hook)}"


def _source(ctx: WorkContext, req: Requirement) -> Source | None:
    try:
        return source_of(ctx, ctx.package_build_info(req))
    except BuildTagError:  # the hook was not called: it raises this error
        return None


def _provides(source: Source, ctx: WorkContext, version: Version, expression: str) -> bool:
    if not isinstance(source.function, DependsOn):
        return False
    try:
        needs = source.function.needs(version, lambda: stack_of(ctx))
    except BuildTagError:
        return False
    return needs == parse_expression(expression).at_most()


def _settings_file() -> str:
    """Return fromager's ``--settings-file``; threads of ``build-parallel`` cannot know it."""
    ctx = click.get_current_context(silent=True)
    file = ctx.find_root().params.get("settings_file") if ctx else None
    return str(file or "fromager's settings file")
