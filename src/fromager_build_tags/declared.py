"""What the settings declare of a package's wheels, and which rules they ignore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .annotations import IGNORE, VERIFY
from .rules.wheel.declared import NOTHING, Declared, parse_declared

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from packaging.requirements import Requirement


def declared_for(ctx: WorkContext, req: Requirement) -> Declared:
    """Return what is declared of a package, for the variant of *ctx*.

    Raises:
        SettingsError: the annotation cannot be read.
    """
    build_info = ctx.package_build_info(req)
    annotations = build_info.annotations
    where = f"the annotation {VERIFY} of {build_info.package} for variant {build_info.variant!r}"
    declared = parse_declared(annotations[VERIFY], where) if VERIFY in annotations else NOTHING
    ignored = {
        key.removeprefix(IGNORE): reason
        for key, reason in annotations.items()
        if key.startswith(IGNORE) and reason.strip()
    }
    return Declared({**ignored, **declared.reasons})
