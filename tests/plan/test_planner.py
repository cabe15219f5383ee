"""A plan depends on its variant and stack alone: not on the command line, nor on another plan."""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from fromager.wheels import get_build_tag
from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import Version

from fromager_build_tags.needs import segments
from fromager_build_tags.plan.locking import lock_of
from fromager_build_tags.plan.model import Wanted
from fromager_build_tags.plan.planner import PLATLIB, plan
from fromager_build_tags.settings.tree import SettingsTree, load_settings_tree

from ..conftest import Cli
from ..trees import HOOK, write_tree

FILES = {
    "settings/settings.yaml": f"{HOOK}changelog: {{cpu: [a], cuda: [a, b]}}\n",
    "settings/packages/first.yaml": "changelog: {'1': [a]}\n",
    "settings/packages/second.yaml": (
        "changelog: {'1': [a]}\n"
        "annotations: {build-tags.depends-on: accelerator}\n"
        "variants: {cpu: {annotations: {build-tags.depends-on: torch}}}\n"
    ),
    "settings/variants/cpu.yaml": "distro: el9.6\ntorch_version: '2.10.0'\n",
    "settings/variants/cuda.yaml": (
        "distro: el9.6\ncuda_version: '13.0'\ntorch_version: '2.9.1'\n"
    ),
}
#: The override module of README.
README = """
from fromager_build_tags.needs import Need, segments


def wheel_build_tag(*, ctx, req, version, wheel_tags):
    needs = [Need.TORCH] if ctx.variant == "cpu" else [Need.ACCELERATOR, Need.TORCH]
    return segments(needs, ctx=ctx, wheel_tags=wheel_tags)
"""
TAGS = {
    "cpu": ["2_el9.6_cpu", "2_el9.6_torch2.10.0"],
    "cuda": ["3_el9.6_cuda13.0", "3_el9.6_cuda13.0"],
}


@pytest.fixture
def tree(tmp_path: pathlib.Path, two_overrides: None) -> SettingsTree:
    write_tree(tmp_path, FILES)
    return _load(tmp_path, "cpu")


def _load(root: pathlib.Path, variant: str) -> SettingsTree:
    return load_settings_tree(
        settings_file=root / "settings/settings.yaml",
        settings_dir=root / "settings/packages",
        patches_dir=root / "patches",
        variant=variant,
    )


def _tags(tree: SettingsTree, variant: str, *packages: str) -> list[str]:
    on_variant = tree.on(variant)
    wanted = [Wanted(package=NormalizedName(each), versions=(Version("1"),)) for each in packages]
    return [str(tag.build_tag) for tag in plan(on_variant, on_variant.stacks(), wanted)]


def _module(between: Callable[[], object]) -> Any:
    """Return an override that does something before it returns the accelerator."""
    from fromager_build_tags.tag.expression import Need

    def wheel_build_tag(*, ctx: Any, req: Any, version: Any, wheel_tags: Any) -> Any:
        between()
        return segments([Need.ACCELERATOR], ctx=ctx, wheel_tags=wheel_tags)

    return SimpleNamespace(__name__="acme.first", wheel_build_tag=wheel_build_tag)


def test_a_plan_within_a_plan(tree: SettingsTree, set_override: Callable[..., None]) -> None:
    inner: list[list[str]] = []
    set_override("first", _module(lambda: inner.append(_tags(tree, "cuda", "second"))))
    assert _tags(tree, "cpu", "first", "second") == TAGS["cpu"]
    assert inner == [TAGS["cuda"][1:]] * 2  # for platlib and purelib


def test_two_plans_at_once(tree: SettingsTree, set_override: Callable[..., None]) -> None:
    """Each waits inside its first package until the other one has started."""
    barrier = threading.Barrier(2, timeout=30)
    set_override("first", _module(barrier.wait))
    with ThreadPoolExecutor(2) as pool:
        plans = {each: pool.submit(_tags, tree, each, "first", "second") for each in TAGS}
        assert {each: made.result() for each, made in plans.items()} == TAGS


@pytest.mark.parametrize("of_command_line", ["cpu", "cuda"])
def test_an_override_gets_the_variant_of_the_plan(
    tmp_path: pathlib.Path,
    tree: SettingsTree,
    install: Callable[..., None],
    cli: Cli,
    of_command_line: str,
) -> None:
    """README's own example, in each command that plans, with any variant on the command line."""
    install("acme", {"first": README})
    expected = {variant: _of_fromager(tmp_path, variant) for variant in TAGS}
    assert expected == {"cpu": "2_el9.6_torch2.10.0", "cuda": "3_el9.6_cuda13.0_torch2.9.1"}
    tree = _load(tmp_path, of_command_line)
    assert {variant: _tags(tree, variant, "first") for variant in expected} == {
        variant: [tag] for variant, tag in expected.items()
    }
    locked = {each.variant: each.tag("first", "1") for each in lock_of(tree).lock.stacks}
    assert {variant: str(tag) for variant, tag in locked.items()} == expected
    on = ("--variant", of_command_line)
    shown = cli(*on, "show", "--all-variants", "first==1").stdout
    assert all(f" {tag} " in shown for tag in expected.values())
    cli(*on, "lock")
    assert cli(*on, "check").stdout.startswith("All checks passed: ")


def _of_fromager(root: pathlib.Path, variant: str) -> str:
    ctx = _load(root, variant).ctx
    tag = get_build_tag(ctx=ctx, req=Requirement("first"), version=Version("1"), wheel_tags=PLATLIB)
    return "".join(map(str, tag))


def test_the_context_of_a_variant(tree: SettingsTree) -> None:
    on_cuda = tree.on("cuda")
    [stack] = on_cuda.stacks()
    ctx = on_cuda.context_on(stack)
    assert tree.on("cuda") is on_cuda
    variants = (ctx.variant, ctx.settings.variant, ctx.package_build_info("second").variant)
    assert variants == ("cuda", "cuda", "cuda")
    assert (tree.ctx.variant, tree.settings.variant, tree.variant) == ("cpu", "cpu", "cpu")
