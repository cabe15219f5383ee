"""What makes a lock out of date, in the words of a variant file."""

from __future__ import annotations

import pytest

from fromager_build_tags.plan.lockfile import parse_lock
from fromager_build_tags.plan.outdated import difference

HEADER = "# build-tags.lock, format 1.1\n"
OURS = "# Hook: fromager_build_tags.hooks:build_tag_hook\n"
CPU = "cpu: el9.6 cpu torch2.9.1\n  * * 1_el9.6\n  torch 2.9.1 2_el9.6\n"
ROCM = "rocm: el9.6 rocm7.1 torch2.9.1\n  * * 1_el9.6\n"


@pytest.mark.parametrize(
    ("locked", "given", "text"),
    [
        (CPU, CPU, ""),
        (CPU + "  pillow 1.0 1_el9.6\n", CPU, ""),
        (CPU + "  pillow 1.0 3_el9.6\n", CPU, "pillow 1.0 on cpu changed (3_el9.6 → 1_el9.6)"),
        (CPU, CPU + "  pillow 1.0 1_?\n", "pillow 1.0 on cpu changed (1_el9.6 → 1_?)"),
        (
            CPU + "  pillow 1.0 1_el9.6_torch2.9.1\n",
            CPU.replace("1_el9.6", "1_?"),
            "every other package on cpu changed (1_el9.6 → 1_?)",
        ),
        (CPU, CPU.replace("1_el9.6", "-"), "every other package on cpu changed (1_el9.6 → -)"),
        (CPU, CPU + "  torch * 3_el9.6\n", "torch on cpu changed (1_el9.6 → 3_el9.6)"),
        (
            CPU,
            CPU.replace("1_el9.6", "2_el9.6").replace("2.9.1 2_", "2.9.1 3_"),
            "every other package on cpu changed (1_el9.6 → 2_el9.6) and 1 more",
        ),
    ],
)
def test_of_build_tags(locked: str, given: str, text: str) -> None:
    found = difference(parse_lock(HEADER + locked, "old"), parse_lock(HEADER + given, "new"))
    assert found == (text and f"the build tag of {text}")


@pytest.mark.parametrize(
    ("locked", "given", "text"),
    [
        (
            CPU,
            CPU.replace("torch2.9.1", "torch2.10.0"),
            "torch_version of cpu changed (2.9.1 → 2.10.0)",
        ),
        (ROCM, ROCM.replace("rocm7.1", "rocm7.2"), "rocm_version of rocm changed (7.1 → 7.2)"),
        (
            ROCM,
            ROCM.replace("rocm7.1", "cuda13.0"),
            "accelerator of rocm changed (rocm7.1 → cuda13.0)",
        ),
        (
            ROCM,
            ROCM.replace("el9.6 rocm", "el10.1 rocm"),
            "distro of rocm changed (el9.6 → el10.1)",
        ),
        (CPU, CPU.replace(" torch2.9.1", ""), "torch_version of cpu changed (2.9.1 → unknown)"),
        (CPU, f"{CPU}\n{ROCM}", "variant rocm is new"),
        (
            ROCM,
            f"{CPU}\n{ROCM}".replace("7.1", "7.2"),
            "rocm_version of rocm changed (7.1 → 7.2) and 1 more",
        ),
        (f"{CPU}\n{ROCM}", CPU, "variant rocm is gone"),
        (
            ROCM,
            f"{ROCM}\n{ROCM.replace('7.1', '7.2')}",
            "stack el9.6 rocm7.2 torch2.9.1 of rocm is new",
        ),
        (
            f"{ROCM}\n{ROCM.replace('7.1', '7.2')}",
            ROCM,
            "stack el9.6 rocm7.2 torch2.9.1 of rocm is gone",
        ),
        (
            f"{CPU}\n{ROCM}",
            f"{CPU}\n{ROCM}".replace("torch2.9.1", "torch2.10.0"),
            "torch_version of cpu changed (2.9.1 → 2.10.0) and 1 more",
        ),
        (
            OURS + CPU,
            "# No hook\n" + CPU,
            "the hook changed (fromager_build_tags.hooks:build_tag_hook → none)",
        ),
        (CPU, OURS + CPU, ""),
    ],
)
def test_of_stacks_and_hook(locked: str, given: str, text: str) -> None:
    locks = [parse_lock(f"{HEADER}{each}", "lock") for each in (locked, given)]
    assert difference(*locks) == text
