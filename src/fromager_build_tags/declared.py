"""What the settings declare of a package's wheels: the annotation ``build-tags.verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rules.wheel.declared import ANNOTATION, NOTHING, Declared, parse_declared

if TYPE_CHECKING:
    from fromager.context import WorkContext
    from packaging.requirements import Requirement


def declared_for(ctx: WorkContext, req: Requirement) -> Declared:
    """Return what is declared of a package, for the variant of *ctx*.

    Raises:
        SettingsError: the annotation cannot be read.
    """
    build_info = ctx.package_build_info(req)
    text = build_info.annotations.get(ANNOTATION)
    if text is None:
        return NOTHING
    where = (
        f"the annotation {ANNOTATION} of {build_info.package} for variant {build_info.variant!r}"
    )
    return parse_declared(text, where)
