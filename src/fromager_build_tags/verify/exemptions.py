"""What the settings declare of a package's wheels, and which rules they ignore."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import SettingsError
from ..settings.annotations import IGNORE, VERIFY
from .checks.exempted import NOTHING, Declared, parse_declared

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.utils import NormalizedName

    from ..settings.tree import SettingsTree, WorkContext


def declared_for(ctx: WorkContext, req: Requirement) -> Declared:
    """Return what is declared of a package, for the variant of *ctx*.

    Raises:
        SettingsError: the annotation cannot be read.
    """
    build_info = ctx.package_build_info(req)
    return _declared(build_info.annotations, build_info.package, build_info.variant)


def declared_on(tree: SettingsTree, variant: str, package: NormalizedName) -> Declared:
    """Return what a settings tree declares of a package's wheels on a variant.

    Raises:
        SettingsError: the annotation cannot be read.
    """
    from packaging.requirements import Requirement

    return declared_for(tree.on(variant).ctx, Requirement(package))


def declared_for_any(ctx: WorkContext, req: Requirement) -> Declared:
    """Return what is declared of a package, and for which other variants more is.

    Who verifies a wheel that is there may have named the wrong variant, or none.

    Raises:
        SettingsError: the annotation for the variant of *ctx* cannot be read.
    """
    build_info = ctx.package_build_info(req)
    elsewhere: dict[str, list[str]] = {}
    for variant, info in build_info.variants.items():
        with contextlib.suppress(SettingsError):  # it is told when that variant is verified
            other = _declared(info.annotations or {}, build_info.package, variant)
            for code in other.reasons:
                elsewhere.setdefault(code, []).append(str(variant))
    return dataclasses.replace(declared_for(ctx, req), elsewhere=elsewhere)


def _declared(annotations: Mapping[str, str], package: str, variant: str) -> Declared:
    where = f"the annotation {VERIFY} of {package} for variant {variant!r}"
    declared = parse_declared(annotations[VERIFY], where) if VERIFY in annotations else NOTHING
    ignored = {
        key.removeprefix(IGNORE): reason
        for key, reason in annotations.items()
        if key.startswith(IGNORE) and reason.strip()
    }
    return dataclasses.replace(declared, reasons={**ignored, **declared.reasons})
