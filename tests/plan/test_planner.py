"""A plan depends on its variant and stack alone: not on the command line, nor on another plan."""

from __future__ import annotations

import os
import pathlib
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from fromager.wheels import add_extra_metadata_to_wheels, get_build_tag
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from fromager_build_tags.needs import distribution, segments
from fromager_build_tags.plan.locking import lock_of
from fromager_build_tags.plan.model import PlannedTag, Wanted
from fromager_build_tags.plan.planner import PLATLIB, plan
from fromager_build_tags.settings.tree import SettingsTree, load_settings_tree

from ..conftest import Cli
from ..index.wheels import write_wheel
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


@pytest.mark.parametrize(
    ("expression", "versions"),
    [
        ("accelerator if version < 1!0 else none", ["99999999999999.1", "1!0.dev1", "1!1.0"]),
        (
            "none if version == 2.10.* else accelerator",
            ["2.9", "2.10.dev1", "2.10rc1", "2.10.post1", "2.11.dev0", "3"],
        ),
        ("torch if version >= 0.25 else none", ["0.25.dev0", "0.25rc1", "0.25", "0.25.post1"]),
        ("torch if version > 0.25 else none", ["0.25rc1", "0.25+cpu", "0.25.post1", "0.25.0.1"]),
        ("torch if version < 0.25 else none", ["0.25rc1", "0.24.post1", "0.25"]),
        ("torch if version === 0.25.0 else none", ["0.25", "0.25.0", "0.25+cpu", "0.25rc1"]),
        ("torch if version == 0.25+cpu else none", ["0.25", "0.25+cuda", "0.25.post1"]),
        ("torch if version ~= 1!2.1 else none", ["1!2.1", "1!2.9rc1", "1!3.dev0", "2.1"]),
    ],
)
def test_a_version_has_the_tag_of_its_row(
    tmp_path: pathlib.Path, tree: SettingsTree, expression: str, versions: list[str]
) -> None:
    """A lock that does not list a version gives the same answer as a plan of that version."""
    demo = f"annotations: {{build-tags.depends-on: '{expression}'}}\n"
    write_tree(tmp_path, {"settings/packages/demo.yaml": demo})
    on_cuda = _load(tmp_path, "cuda").on("cuda")
    wanted = [Wanted(package=DEMO, versions=tuple(map(Version, versions)))]
    by_name = {str(tag.version): tag.build_tag for tag in plan(on_cuda, on_cuda.stacks(), wanted)}
    [locked] = lock_of(on_cuda.tree).lock.of_variant("cuda").values()
    assert {each: locked.tag("demo", each) for each in by_name} == by_name
    assert len(set(by_name.values())) == 2


DEMO = NormalizedName("demo")


def _with_version(text: Callable[[Version], str]) -> Any:
    def wheel_build_tag(*, ctx: Any, req: Any, version: Version, wheel_tags: Any) -> Any:
        return [(7, text(version))]

    return SimpleNamespace(__name__="acme.demo", wheel_build_tag=wheel_build_tag)


def _fail_for_old(version: Version) -> str:
    if version < Version("1"):
        raise ValueError("too old")
    return "new"


@pytest.mark.parametrize(
    "text",
    [
        lambda version: f"v{version}",
        lambda version: f"v{version.major}",
        lambda version: f"v{version.minor}",
        lambda version: f"v{version.micro}",
        lambda version: "old" if version < Version("0.25") else "new",
        lambda version: "old" if version in SpecifierSet("<2") else "new",
        _fail_for_old,
    ],
)
def test_segments_that_depend_on_the_version_are_unknown_for_any_version(
    tree: SettingsTree,
    cli: Cli,
    set_override: Callable[..., None],
    text: Callable[[Version], str],
) -> None:
    set_override("demo", _with_version(text))
    assert _plan(tree, Version("3.2.1")) == [
        ("3.2.1", f"1_el9.6_{text(Version('3.2.1'))}", f"1_{text(Version('3.2.1'))}", "")
    ]
    reason = "the segments depend on the version: name one, such as demo==1.0"
    assert _plan(tree, None) == [("*", "1_?", "", reason)]
    assert "  demo * 1_?\n" in _locked(cli)
    assert f"unknown suffix, locked as ?: demo: {reason}\n" in cli("lock", "--check").stderr
    assert cli("check").stdout.startswith("All checks passed: ")


def test_a_specifier_excludes_the_versions_that_differ(
    tree: SettingsTree, set_override: Callable[..., None]
) -> None:
    set_override("demo", _with_version(lambda version: "a" if version.major < 2 else "b"))
    new = Wanted(package=DEMO, specifier=SpecifierSet(">=2"))
    assert [str(tag.build_tag) for tag in _planned(tree, new)] == ["1_el9.6_b"]
    old = Wanted(package=DEMO, specifier=SpecifierSet("<3"))
    assert [str(tag.build_tag) for tag in _planned(tree, old)] == ["1_?"]


def test_segments_that_no_version_changes_are_known(
    tree: SettingsTree, cli: Cli, set_override: Callable[..., None]
) -> None:
    set_override("demo", _with_version(lambda _: "abi3"))
    assert _plan(tree, None) == [("*", "1_el9.6_abi3", "1_abi3", "")]
    assert "  demo * 1_el9.6_abi3\n" in _locked(cli)


def test_a_plugin_that_uses_the_version(tree: SettingsTree, set_hooks: Callable[..., None]) -> None:
    def generation(*, version: Version, **_: object) -> list[tuple[int, str]]:
        return [(9, f"gen{version.major}")]

    set_hooks(distribution, generation)
    assert [tag.note for tag in _planned(tree, Wanted(package=DEMO))] == [
        "the segments depend on the version: name one, such as demo==1.0"
    ]
    assert [each[:2] for each in _plan(tree, Version("3"))] == [("3", "1_el9.6_gen3")]


def test_a_purelib_wheel_has_its_segments_where_those_of_platlib_fail(
    tree: SettingsTree, set_hooks: Callable[..., None]
) -> None:
    def own(*, wheel_tags: Any, **_: object) -> list[tuple[int, str]]:
        return [(9, "pure")] if all(tag.platform == "any" for tag in wheel_tags) else broken()

    def broken() -> list[tuple[int, str]]:
        raise ValueError("no platform")

    set_hooks(distribution, own)
    [tag] = _planned(tree, Wanted(package=DEMO, versions=(Version("1"),)))
    assert (tag.platlib_stem, tag.purelib_stem) == ("", "demo-1-1_pure")
    assert tag.error.endswith(" failed because no platform")
    assert tag.is_wrong


def test_a_platlib_wheel_has_its_segments_where_those_of_purelib_fail(
    tree: SettingsTree, set_override: Callable[..., None]
) -> None:
    def wheel_build_tag(*, ctx: Any, req: Any, version: Any, wheel_tags: Any) -> Any:
        if any(tag.platform == "any" for tag in wheel_tags):
            raise ValueError("no wheel for any platform")
        return []

    set_override("demo", SimpleNamespace(__name__="acme", wheel_build_tag=wheel_build_tag))
    [tag] = _planned(tree, Wanted(package=DEMO, versions=(Version("1"),)))
    assert (tag.platlib_stem, tag.purelib_stem) == ("demo-1-1_el9.6", "")
    assert tag.is_wrong


def _planned(tree: SettingsTree, wanted: Wanted) -> list[PlannedTag]:
    on_cpu = tree.on("cpu")
    return plan(on_cpu, on_cpu.stacks(), [wanted])


def _plan(tree: SettingsTree, version: Version | None) -> list[tuple[str, str, str, str]]:
    return [
        (each.version_text, str(each.build_tag), each.purelib_stem.rpartition("-")[2], each.note)
        for each in _planned(tree, Wanted(package=DEMO, versions=(version,)))
    ]


def _locked(cli: Cli) -> str:
    cli("lock")
    return pathlib.Path("settings/build-tags.lock").read_text()


def test_the_name_of_a_wheel_without_a_number(
    tmp_path: pathlib.Path, tree: SettingsTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """fromager packs it with the number 0, and leaves a pre-built wheel alone."""
    demo = "variants: {cuda: {pre_built: true}}\n"
    write_tree(tmp_path, {"settings/settings.yaml": HOOK, "settings/packages/demo.yaml": demo})
    tree = _load(tmp_path, "cpu")
    names = {}
    for variant in ("cpu", "cuda"):
        on_variant = tree.on(variant)
        wanted = [Wanted(package=DEMO, versions=(Version("1"),))]
        [tag] = plan(on_variant, on_variant.stacks(), wanted)
        assert tag.build_tag.is_none
        names[variant] = (tag.platlib_stem, tag.purelib_stem)
    assert names == {"cpu": ("demo-1-0", "demo-1-0"), "cuda": ("demo-1", "demo-1")}

    monkeypatch.setenv("PATH", str(pathlib.Path(sys.executable).parent), prepend=os.pathsep)
    packed = add_extra_metadata_to_wheels(
        ctx=tree.on("cpu").ctx,
        req=Requirement("demo"),
        version=Version("1"),
        extra_environ={},
        sdist_root_dir=tmp_path / "sdist/demo",
        wheel_file=write_wheel(tmp_path / "built/demo-1-py3-none-any.whl"),
    )
    assert packed.name == f"{names['cpu'][1]}-py3-none-any.whl"
