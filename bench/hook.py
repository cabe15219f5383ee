"""One call of ``build_tag_hook``, as a ratio to parsing the resulting name.

The baseline is ``packaging.utils.parse_wheel_filename`` in the same run; fromager's own
``find_and_invoke`` of a function that does nothing is printed beside it. Run it as
``python -m bench.hook``; the aim is a ratio of at most 8.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import tempfile
import timeit
from collections.abc import Callable
from typing import Any

from fromager import overrides
from fromager.context import WorkContext
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from fromager_build_tags.hooks import build_tag_hook

NAME = "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0-cp312-cp312-linux_x86_64.whl"
CALLS = 5_000
ROUNDS = 9


def run() -> None:
    """Print both ratios."""
    os.environ.update(
        WHEEL_BUILD_TAG_DISTRO="el9.6",
        WHEEL_BUILD_TAG_ROCM_VERSION="7.1",
        WHEEL_BUILD_TAG_TORCH_VERSION="2.10.0",
    )
    with tempfile.TemporaryDirectory() as folder:
        wheel = _wheel(pathlib.Path(folder))
        if list(build_tag_hook(**wheel)) != ["el9.6", "rocm7.1", "torch2.10.0"]:
            raise SystemExit("the hook gives another tag than the one that is parsed")
        _compare("build_tag_hook", lambda: build_tag_hook(**wheel))
        find = overrides.find_and_invoke
        _compare(
            "fromager's find_and_invoke",
            lambda: find("flash-attn", "wheel_build_tag", _nothing, **wheel),
        )


def _wheel(folder: pathlib.Path) -> dict[str, Any]:
    ctx = WorkContext(
        active_settings=None,
        patches_dir=folder,
        sdists_repo=folder,
        wheels_repo=folder,
        work_dir=folder,
        variant="rocm",
        settings_dir=folder / "packages",
    )
    return {
        "ctx": ctx,
        "req": Requirement("flash-attn==2.8.3"),
        "version": Version("2.8.3"),
        "wheel_tags": frozenset({Tag("cp312", "cp312", "linux_x86_64")}),
    }


def _nothing(*, ctx: Any, req: Any, version: Any, wheel_tags: Any) -> list[Any]:
    return []


def _compare(what: str, function: Callable[[], object]) -> None:
    ratios = [
        timeit.timeit(function, number=CALLS)
        / timeit.timeit(lambda: parse_wheel_filename(NAME), number=CALLS)
        for _ in range(ROUNDS)
    ]
    print(
        f"{what}: {statistics.median(ratios):.2f} x parse_wheel_filename "
        f"(min {min(ratios):.2f}, max {max(ratios):.2f}, {ROUNDS} pairs of {CALLS:,} calls)"
    )


if __name__ == "__main__":
    run()
