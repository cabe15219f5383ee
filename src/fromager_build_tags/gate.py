"""The gate behind a build: a wheel that is not what its name says goes no further."""

from __future__ import annotations

import functools
import logging
import pathlib
import shutil
from typing import TYPE_CHECKING, Final

from .cure import cure
from .declare import read_explicit_settings
from .declared import declared_for
from .errors import VerifyError
from .report.escape import plain
from .rules.finding import Finding, Severity
from .rules.verdict import Verdict
from .variables import VERIFY
from .verify import Source, verify_wheel

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
        VerifyError: it is not what its name says, and the variable says ``error``.
        SettingsError: the variable cannot be read.
    """
    if (mode := read_explicit_settings().verify) == "off":
        return
    source = Source(text=str(wheel))
    verdict = Verdict.of(
        verify_wheel(
            source, lambda _: declared_for(ctx, req), cure=functools.partial(cure, ctx, req)
        )
    )
    for finding in (*verdict.findings, *verdict.ignored):
        quiet = finding.ignored or finding.severity is Severity.NOTE
        logger.log(logging.INFO if quiet else logging.WARNING, "%s: %s", wheel.name, _line(finding))
    errors = [each for each in verdict.findings if each.severity is Severity.ERROR]
    if not errors or mode != "error":
        return
    kept = _put_aside(ctx, wheel)
    raise VerifyError(
        f"{wheel.name} is not what its name says: {' | '.join(map(_line, errors))} | the wheel "
        f"is kept as {kept}; {VERIFY}=warn lets it pass"
    )


def _line(finding: Finding) -> str:
    then = f"ignored: {finding.ignored}" if finding.ignored else finding.remedy
    return plain(f"{finding.code}: {finding.message}: {then}", 2_000)


def _put_aside(ctx: WorkContext, wheel: pathlib.Path) -> pathlib.Path:
    folder = ctx.wheels_repo / REFUSED
    folder.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(shutil.move(wheel, folder / wheel.name))
