"""The post-build check: verify each wheel that fromager builds, and refuse wrong ones."""

from __future__ import annotations

import functools
import logging
import pathlib
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ..errors import SettingsError, VerifyError
from ..findings.finding import Finding, Severity
from ..findings.settings_rules import BAD_ANNOTATION
from ..findings.verdict import Verdict
from ..findings.wheel_rules import UNREADABLE_WHEEL
from ..settings.context import VERIFY_VARIABLE, VerifyMode, read_verify_mode
from ..text import plain
from .exemptions import exemptions_of
from .remedy import remedy_for
from .run import WheelSource, verify_wheel

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from packaging.requirements import Requirement

logger = logging.getLogger(__name__)

#: The folder of refused wheels, below fromager's ``--wheels-repo``.
REFUSED: Final = "refused"


def verify_built(ctx: WorkContext, req: Requirement, wheel: pathlib.Path) -> None:
    """Verify a wheel that was built now, in the mode that ``WHEEL_BUILD_TAG_VERIFY`` sets.

    A refused wheel is moved: fromager's next run would take a wheel in its build folder for
    finished, and not verify it again.

    Raises:
        VerifyError: name and content of the wheel differ, or it cannot be verified, and the mode
            is ``error``; an unknown mode counts as ``error``.
    """
    if (mode := _mode()) == "off":
        return
    source = WheelSource(text=str(wheel))
    verdict = Verdict.of(
        verify_wheel(
            source,
            lambda _: exemptions_of(ctx, req),
            remedy_for=functools.partial(remedy_for, ctx, req),
        )
    )
    for finding in (*verdict.findings, *verdict.suppressed):
        is_quiet = finding.suppression or finding.severity is Severity.NOTE
        level = logging.INFO if is_quiet else logging.WARNING
        logger.log(level, "%s: %s", wheel.name, _line(finding))
    errors = [each for each in verdict.findings if each.severity is Severity.ERROR]
    if errors and mode == "error":
        raise VerifyError(
            f"{_problem(wheel, errors)}: {' | '.join(map(_line, errors))} | "
            f"{_move_away(ctx, wheel)}; set {VERIFY_VARIABLE}=warn to accept such wheels"
        )


def _mode() -> VerifyMode:
    """Return the mode; ``error`` for an invalid one, since the user wants wheels to be verified.

    Failing for the variable would lose a wheel that may be right, after hours of compiling.
    """
    try:
        return read_verify_mode()
    except SettingsError as err:
        logger.warning("%s; wheels are verified in mode 'error'", err)
        return "error"


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
