"""The gate behind a build: a wheel that is not what its name says goes no further."""

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
from ..settings.declare import VerifyMode, read_verify_mode
from ..stack.variables import VERIFY
from ..text import plain
from .exemptions import declared_for
from .remedy import remedy_for
from .run import WheelSource, verify_wheel

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from packaging.requirements import Requirement

logger = logging.getLogger(__name__)

#: Where a refused wheel is kept, below fromager's ``--wheels-repo``.
REFUSED: Final = "refused"


def verify_built(ctx: WorkContext, req: Requirement, wheel: pathlib.Path) -> None:
    """Verify a wheel that was built now, as ``WHEEL_BUILD_TAG_VERIFY`` says.

    A refused wheel is put aside: fromager's next run would take what lies in its build folder
    for finished, and never verify it again.

    Raises:
        VerifyError: it is not what its name says, or cannot be verified, and the variable says
            ``error``, or says nothing that is known: a build that is right goes on even then.
    """
    if (mode := _mode()) == "off":
        return
    source = WheelSource(text=str(wheel))
    verdict = Verdict.of(
        verify_wheel(
            source,
            lambda _: declared_for(ctx, req),
            remedy_for=functools.partial(remedy_for, ctx, req),
        )
    )
    for finding in (*verdict.findings, *verdict.ignored):
        quiet = finding.ignored or finding.severity is Severity.NOTE
        logger.log(logging.INFO if quiet else logging.WARNING, "%s: %s", wheel.name, _line(finding))
    errors = [each for each in verdict.findings if each.severity is Severity.ERROR]
    if errors and mode == "error":
        raise VerifyError(
            f"{wheel.name} {_what(errors)}: {' | '.join(map(_line, errors))} | "
            f"{_put_aside(ctx, wheel)}; {VERIFY}=warn lets it pass"
        )


def _mode() -> VerifyMode:
    """Return the mode; the strict one where the variable holds a slip: it was not meant to be off.

    To stop the build for it would lose a wheel that may be right, after hours of compiling.
    """
    try:
        return read_verify_mode()
    except SettingsError as err:
        logger.warning("%s; wheels are verified as if it were 'error'", err)
        return "error"


def _what(errors: Sequence[Finding]) -> str:
    """Return what is wrong: the wheel itself, or only what keeps it from being judged."""
    codes = {each.code for each in errors}
    if codes <= {BAD_ANNOTATION.code, UNREADABLE_WHEEL.code}:
        return "cannot be verified"
    return "is not what its name says"


def _line(finding: Finding) -> str:
    then = f"ignored: {finding.ignored}" if finding.ignored else finding.remedy
    return plain(f"{finding.code}: {finding.message}: {then}", 2_000)


def _put_aside(ctx: WorkContext, wheel: pathlib.Path) -> str:
    """Move a refused wheel away, and say where it is now."""
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
    """Verify a wheel that ``build``, ``build-sequence`` or ``build-parallel`` has built.

    Raises:
        VerifyError: it is not what its name says, and ``WHEEL_BUILD_TAG_VERIFY`` is ``error``.
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
    """Verify a wheel that ``bootstrap`` has built: a cached or pre-built one has no sdist.

    Raises:
        BuildTagError: as :func:`post_build`.
    """
    if sdist_filename is not None and wheel_filename is not None:
        post_build(ctx=ctx, req=req, wheel_filename=wheel_filename)
