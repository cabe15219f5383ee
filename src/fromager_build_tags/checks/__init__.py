"""Check a settings tree: its variants, packages, overrides and files.

A check takes the inventory of a settings tree and yields the findings of one rule of BT1, or of a
few that belong together. The checks of what is installed (``installed``) are called by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..findings.finding import Finding
from .inventory import Inventory
from .package_annotations import check_annotations
from .planned_tags import check_build_numbers, check_equal_stacks, check_tags
from .settings_files import check_endings, check_hook, check_keys, check_lock, check_package_files
from .torch_targets import check_torch_targets
from .variants import check_distributions, check_pin, check_pre_built, check_variants

#: Every check of settings, in the order in which users fix its findings.
CHECKS: Final[tuple[Callable[[Inventory], Iterator[Finding]], ...]] = (
    check_hook,
    check_variants,
    check_distributions,
    check_equal_stacks,
    check_build_numbers,
    check_tags,
    check_pre_built,
    check_torch_targets,
    check_annotations,
    check_keys,
    check_package_files,
    check_endings,
    check_pin,
    check_lock,
)
