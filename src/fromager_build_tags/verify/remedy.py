"""What to change in the settings so that a wheel that was built gets the segments that fit.

An annotation is of no use where nobody asks the hook: fromager asks it for wheels that have a
build number, and only the hook that its settings name.
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
from .checks import set_depends_on

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.version import Version

    from ..settings.tree import WorkContext
    from ..tag.filename import WheelName

_HOOK: Final = "fromager_build_tags.hooks:build_tag_hook"


def remedy_for(ctx: WorkContext, req: Requirement, name: WheelName, expression: str) -> str:
    """Return what to do to get the segments of *expression*, after asking the settings.

    Args:
        ctx: of the build.
        req: the package, as fromager was asked for it.
        name: of the wheel that was built.
        expression: what ``build-tags.depends-on`` has to say.
    """
    source = _source(ctx, req)
    steps = list(_unasked(ctx, req, name))
    if source is None or not _says(source, ctx, name.version, expression):
        steps.append(set_depends_on(name, expression))
    return "; and ".join(steps) or (
        f"{source} of {name.name} says {expression!r} already, so look where the segments get "
        f"lost: `fromager build-tags explain {name.name}`"
    )


def _unasked(ctx: WorkContext, req: Requirement, name: WheelName) -> Iterator[str]:
    """Yield what keeps fromager from asking our hook."""
    if not name.suffix and not ctx.package_build_info(req).build_tag(name.version):
        variant = ctx.settings.variant
        yield (
            f"fromager gives {name.name} {name.version} no number for variant {variant!r}, and so "
            f"never asks the hook: add an entry to changelog.{variant} in {_settings_file()}"
        )
    hook = ctx.settings.build_tag_hook
    if hook is None and not name.suffix:
        yield f'set wheels: {{build_tag_hook: "{_HOOK}"}} in {_settings_file()}'
    elif hook is not None and (named := _named(hook)) != _HOOK:
        yield f"let {named}, which is wheels.build_tag_hook, call {_HOOK}"


def _named(hook: Callable[..., object]) -> str:
    return f"{hook.__module__}:{getattr(hook, '__qualname__', hook)}"


def _source(ctx: WorkContext, req: Requirement) -> Source | None:
    try:
        return source_of(ctx, ctx.package_build_info(req))
    except BuildTagError:  # the hook was never asked, or would have told it
        return None


def _says(source: Source, ctx: WorkContext, version: Version, expression: str) -> bool:
    if not isinstance(source.function, DependsOn):
        return False
    try:
        said = source.function.needs(version, lambda: stack_of(ctx))
    except BuildTagError:
        return False
    return said == parse_expression(expression).at_most()


def _settings_file() -> str:
    """Return fromager's ``--settings-file``; a thread of ``build-parallel`` cannot ask for it."""
    ctx = click.get_current_context(silent=True)
    file = ctx.find_root().params.get("settings_file") if ctx else None
    return str(file or "fromager's settings file")
