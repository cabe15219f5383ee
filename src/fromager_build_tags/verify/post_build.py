"""The post-build check: verify each wheel that fromager builds, and refuse wrong ones.

Its remedies look at the settings: an annotation has no effect if fromager does not call the hook.
fromager calls only the hook that its settings name, and only for wheels with a build number.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import pathlib
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import click

from ..errors import BuildTagError, SettingsError, VerifyError
from ..findings.finding import Finding, Severity, Verdict
from ..findings.rules import BAD_ANNOTATION, UNREADABLE_WHEEL
from ..needs import DependsOn
from ..plan.source import Source, source_of
from ..settings.context import stack_of
from ..settings.environment import VERIFY_VARIABLE, VerifyMode, read_verify_mode
from ..settings.hook import HOOK, NO_HOOK, Hook
from ..stack.fact import Fact
from ..tag.expression import parse_expression
from ..text import plain
from .checks.examined import ExaminedWheel, set_depends_on
from .declared_archs import archs_for
from .examine import examine_wheel
from .exemptions import exemptions_of
from .run import REPORT, WheelSource, verify_wheel

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from packaging.requirements import Requirement
    from packaging.version import Version

    from ..stack.stack import Stack
    from ..tag.filename import WheelName

logger = logging.getLogger(__name__)

#: The folder of refused wheels, below fromager's ``--wheels-repo``.
REFUSED: Final = "refused"


def verify_built(ctx: WorkContext, req: Requirement, wheel: pathlib.Path) -> None:
    """Verify a wheel that was built now, in the mode that ``WHEEL_BUILD_TAG_VERIFY`` sets.

    In the mode ``warn``, not even an unexpected exception fails a build. A refused wheel is moved:
    fromager's next run would take a wheel in its build folder for finished, and not verify it
    again.

    Raises:
        VerifyError: name and content of the wheel differ, or it cannot be verified, and the mode
            is ``error``; an unknown mode counts as ``error``.
    """
    if (mode := _mode(ctx)) == "off":
        return
    try:
        errors = _logged_errors(ctx, req, wheel)
    except Exception as err:
        if mode == "error":
            raise
        what = plain(f"{type(err).__name__}: {err}", 2_000)
        logger.warning("%s is not verified: %s: %s", wheel.name, what, REPORT)
        return
    if errors and mode == "error":
        raise VerifyError(
            f"{_problem(wheel, errors)}: {' | '.join(map(_line, errors))} | "
            f"{_move_away(ctx, wheel)}; set {VERIFY_VARIABLE}=warn to accept such wheels"
        )


def _logged_errors(ctx: WorkContext, req: Requirement, wheel: pathlib.Path) -> Sequence[Finding]:
    """Log the findings of a wheel, and return the errors among them."""
    stacks = functools.partial(_stacks_of, ctx)

    def examine(location: str, shown: str) -> ExaminedWheel:
        return dataclasses.replace(
            examine_wheel(location, shown, functools.partial(archs_for, stacks=stacks)),
            remedy_for=functools.partial(remedy_for, ctx, req),
            variant=ctx.settings.variant,
            variant_torch=_torch_of(stacks()),
        )

    source = WheelSource(text=str(wheel))
    verdict = Verdict.of(verify_wheel(source, lambda _: exemptions_of(ctx, req), examine))
    for finding in (*verdict.findings, *verdict.suppressed):
        is_quiet = finding.suppression or finding.severity is Severity.NOTE
        level = logging.INFO if is_quiet else logging.WARNING
        logger.log(level, "%s: %s", wheel.name, _line(finding))
    return [each for each in verdict.findings if each.severity is Severity.ERROR]


def _stacks_of(ctx: WorkContext) -> Sequence[Stack]:
    """Return the stack of the build; none if the settings are wrong."""
    with contextlib.suppress(BuildTagError):  # the hook raises it, if the wheel needs the stack
        return [stack_of(ctx)]
    return []


def _torch_of(stacks: Sequence[Stack]) -> Sequence[Version]:
    """Return the known versions of Torch."""
    torches = (stack.torch_version for stack in stacks)
    return [torch.value for torch in torches if isinstance(torch, Fact)]


def _mode(ctx: WorkContext) -> VerifyMode:
    """Return the mode; ``error`` for an invalid one, since the user wants wheels to be verified.

    Failing for the variable would lose a wheel that may be right, after hours of compiling. The
    default depends on the hook: without ours, the installation of this package changes nothing.
    """
    try:
        mode = read_verify_mode()
    except SettingsError as err:
        logger.warning("%s; wheels are verified in mode 'error'", err)
        return "error"
    return mode or ("warn" if Hook.of(ctx.settings.build_tag_hook).is_ours else "off")


def _problem(wheel: pathlib.Path, errors: Sequence[Finding]) -> str:
    """Return whether the wheel is wrong, or only cannot be verified."""
    codes = {each.code for each in errors}
    if codes <= {BAD_ANNOTATION.code, UNREADABLE_WHEEL.code}:
        return f"{wheel.name} cannot be verified"
    return f"name and content of {wheel.name} differ"


def _line(finding: Finding) -> str:
    return plain(f"{finding.code}: {finding.message}: {finding.advice}", 2_000)


def _move_away(ctx: WorkContext, wheel: pathlib.Path) -> str:
    """Move a refused wheel, and return where it is now."""
    folder = ctx.wheels_repo / REFUSED
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return f"the wheel is kept as {shutil.move(wheel, folder / wheel.name)}"
    except OSError as err:
        return (
            f"the wheel cannot be moved to {folder} ({err.strerror or err}): delete {wheel}, or "
            "the next run takes it for finished"
        )


def post_build(
    *, ctx: WorkContext, req: Requirement, wheel_filename: pathlib.Path, **_more: object
) -> None:
    """Verify a wheel that ``build``, ``build-sequence`` or ``build-parallel`` built.

    Raises:
        VerifyError: as :func:`verify_built`.
    """
    verify_built(ctx, req, wheel_filename)


def post_bootstrap(
    *,
    ctx: WorkContext,
    req: Requirement,
    sdist_filename: pathlib.Path | None,
    wheel_filename: pathlib.Path | None,
    **_more: object,
) -> None:
    """Verify a wheel that ``bootstrap`` built; cached and pre-built wheels have no sdist.

    Raises:
        VerifyError: as :func:`verify_built`.
    """
    if sdist_filename is not None and wheel_filename is not None:
        post_build(ctx=ctx, req=req, wheel_filename=wheel_filename)


def remedy_for(ctx: WorkContext, req: Requirement, name: WheelName, expression: str) -> str:
    """Return how to get the segments of *expression*, the right ``build-tags.depends-on``."""
    steps = list(_hook_not_called(ctx, req, name))
    if (source := _provider(ctx, req, name.version, expression)) is None:
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
    hook = Hook.of(ctx.settings.build_tag_hook)
    if hook == NO_HOOK and not name.suffix:
        yield f'set wheels: {{build_tag_hook: "{HOOK}"}} in {_settings_file()}'
    elif hook != NO_HOOK and not hook.is_ours:
        yield f"call {HOOK} in {hook.text}, the configured wheels.build_tag_hook"


def _provider(
    ctx: WorkContext, req: Requirement, version: Version, expression: str
) -> Source | None:
    """Return the source of a package if it provides *expression* already."""
    with contextlib.suppress(BuildTagError):  # the hook was not called: it raises this error
        source = source_of(ctx, ctx.package_build_info(req))
        if isinstance(source.function, DependsOn):
            needs = source.function.needs(version, lambda: stack_of(ctx))
            return source if needs == parse_expression(expression).at_most() else None
    return None


def _settings_file() -> str:
    """Return fromager's ``--settings-file``; threads of ``build-parallel`` cannot know it."""
    ctx = click.get_current_context(silent=True)
    file = ctx.find_root().params.get("settings_file") if ctx else None
    return str(file or "fromager's settings file")
