"""The scope of a settings tree: its packages, and those that a command names."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from fromager_build_tags.plan import scope
from fromager_build_tags.plan.locked_tags import ANY
from fromager_build_tags.plan.lockfile import format_lock, parse_lock
from fromager_build_tags.plan.locking import lock_of
from fromager_build_tags.plan.model import Wanted
from fromager_build_tags.plan.planner import plan
from fromager_build_tags.settings.tree import SettingsTree, load_settings_tree

from ..conftest import Cli
from ..repositories import Checkout
from ..trees import FLASH_FILE, GOOD, HOOK, ROCM, ROCM_FILE, SETTINGS_FILE, write_tree

LOCK: Final = "settings/build-tags.lock"
OLD: Final = """\
# build-tags.lock, format 1.1: the build tags that these settings give.
# Made by `fromager-build-tags lock`: change the settings, not this file.
# Hook: fromager_build_tags.hooks:build_tag_hook

rocm: el9.6 rocm7.1 torch2.9.1
  * * 1_el9.6
  flash-attn * 1_el9.6_rocm7.1_torch2.9.1
  torch 2.9.1 2_el9.6_rocm7.1
  torch * 1_el9.6_rocm7.1
"""
UP_TO_DATE: Final = f"{LOCK} is up to date: 1 variant, 1 stack\n"

#: Six packages and three variants: two packages depend on Torch.
SIX: Final[Mapping[str, str]] = {
    SETTINGS_FILE: f"{HOOK}changelog: {{cpu: [a], cuda: [a], rocm: [a]}}\n",
    ROCM_FILE: ROCM,
    "settings/variants/cuda.yaml": ROCM.replace('rocm_version: "7.1"', 'cuda_version: "13.0"'),
    "settings/variants/cpu.yaml": 'distro: el9.6\naccelerator: cpu\ntorch_version: "2.9.1"\n',
    **{f"settings/packages/{name}.yaml": "{}\n" for name in ("a", "b", "torch", "flash_attn")},
    "settings/packages/c.yaml": "annotations: {build-tags.depends-on: torch}\n",
    "settings/packages/d.yaml": "annotations: {build-tags.depends-on: none}\n",
}


def rows(path: pathlib.Path, variant: str) -> list[str]:
    """Return the rows of a stack in a lock."""
    text = path.read_text()
    return text.partition(f"\n{variant}: ")[2].partition("\n\n")[0].splitlines()[1:]


def test_a_lock_contains_the_default_and_what_differs(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, SIX)
    cli("lock")
    lock = tmp_path / LOCK
    assert rows(lock, "cpu") == [
        "  * * 1_el9.6",
        "  c * 1_el9.6_torch2.9.1",
        "  flash-attn * 1_el9.6_cpu_torch2.9.1",
        "  torch * 1_el9.6_cpu",
    ]
    assert rows(lock, "rocm") == [
        "  * * 1_el9.6",
        "  c * 1_el9.6_torch2.9.1",
        "  flash-attn * 1_el9.6_rocm7.1_torch2.9.1",
        "  torch * 1_el9.6_rocm7.1",
    ]
    stack = {each.variant: each for each in parse_lock(lock.read_text(), "f").stacks}["cpu"]
    assert {name: str(stack.tag(name, "9")) for name in ("torch", "a", "pillow")} == {
        "torch": "1_el9.6_cpu",
        "a": "1_el9.6",
        "pillow": "1_el9.6",
    }


def test_a_new_override_changes_no_lock(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, SIX)
    cli("lock")
    more = {**scope.shipped_overrides(), "xformers": scope.shipped_overrides()["torch"]}
    monkeypatch.setattr(scope, "shipped_overrides", lambda: more)
    assert cli("lock", "--check").stderr == f"{LOCK} is up to date: 3 variants, 3 stacks\n"
    assert parse_lock((tmp_path / LOCK).read_text(), "f").contains("xformers") is False


def test_all_adds_the_shipped_overrides(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, GOOD)
    cli("lock")
    assert "flash-attn" not in (tmp_path / LOCK).read_text()
    cli("lock", "--all")
    text = (tmp_path / LOCK).read_text()
    assert "  flash-attn * 1_el9.6_rocm7.1_torch2.9.1\n" in text
    assert "\n# With every shipped override.\n" in text
    assert format_lock(parse_lock(text, "f")) == text
    assert cli("lock", "--check").stderr == UP_TO_DATE
    assert "flash-attn" not in cli("show").stdout
    assert "flash-attn" in cli("show", "--all").stdout


def test_an_override_that_gives_the_default_everywhere_is_known(
    cli: Cli, tmp_path: pathlib.Path
) -> None:
    cpu = {name: SIX[name] for name in (SETTINGS_FILE, "settings/variants/cpu.yaml")}
    cpu[SETTINGS_FILE] = f"{HOOK}changelog: {{cpu: [a]}}\n"
    none = "annotations: {build-tags.depends-on: none}\n"
    write_tree(tmp_path, {**cpu, "settings/packages/torch.yaml": none})
    cli("lock")
    assert rows(tmp_path / LOCK, "cpu") == ["  * * 1_el9.6", "  torch * 1_el9.6"]
    [stack] = parse_lock((tmp_path / LOCK).read_text(), "f").stacks
    assert str(stack.tag("torch", "2")) == "1_el9.6"
    assert str(stack.tag("flash-attn", "2")) == "1_?"
    assert stack.reason("flash-attn", "2") == (
        "the lock does not contain flash-attn, whose override is shipped"
    )


@pytest.fixture
def family(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> str:
    """Register a pattern, too; return a name that only it matches."""
    pattern = "jax_rocm*_plugin"
    shipped = {**scope.shipped_overrides(), pattern: scope.registered(scope.SHIPPED_GROUP)[pattern]}
    monkeypatch.setattr(scope, "shipped_overrides", lambda: shipped)
    return "jax-rocm10-plugin"


def test_a_package_of_a_family_is_never_given_the_default(
    cli: Cli, tmp_path: pathlib.Path, family: str
) -> None:
    write_tree(tmp_path, SIX)
    cli("lock")
    lock = parse_lock((tmp_path / LOCK).read_text(), "f")
    stack = next(each for each in lock.stacks if each.variant == "rocm")
    assert not lock.contains(family)
    assert str(stack.tag(family, "0.12.0")) == "1_?"
    assert stack.reason(family, "0.12.0") == (
        f"the lock does not contain {family}, whose override is shipped"
    )
    assert str(stack.tag("jax-rocm-extra-plugin", "1")) == "1_el9.6"
    assert "jax" not in cli("show", "--all").stdout  # a pattern names no package
    order = [{"dist": "Jax_ROCm10.plugin", "version": "0.12.0"}]
    (tmp_path / "order.json").write_text(json.dumps(order))
    cli("lock", "--graph", "order.json")
    assert f"  {family} * 1_el9.6_rocm7.1" in rows(tmp_path / LOCK, "rocm")
    assert f"  {family} 0.12.0 1_el9.6_rocm7.1" in rows(tmp_path / LOCK, "rocm")
    assert f"  {family} * 1_el9.6_cpu" in rows(tmp_path / LOCK, "cpu")
    assert cli("lock", "--check").stderr == f"{LOCK} is up to date: 3 variants, 3 stacks\n"


def test_a_package_of_a_family_that_is_the_default_everywhere_is_known(
    cli: Cli, tmp_path: pathlib.Path, family: str
) -> None:
    none = "annotations: {build-tags.depends-on: none}\n"
    write_tree(tmp_path, {**SIX, "settings/packages/jax_rocm10_plugin.yaml": none})
    cli("lock")
    assert f"  {family} * 1_el9.6" in rows(tmp_path / LOCK, "rocm")
    lock = parse_lock((tmp_path / LOCK).read_text(), "f")
    assert lock.contains(family)
    assert not lock.contains("jax-rocm11-plugin")


def test_a_lock_of_the_old_format_may_contain_a_family(family: str) -> None:
    """The release that wrote it named each package of the family."""
    old = OLD.replace("  torch *", f"  {family} * 1_el9.6_rocm7.1\n  torch *")
    lock = parse_lock(old, "f")
    assert lock.contains(family)
    assert not lock.without_unused({"flash-attn"}).contains(family)
    assert lock.without_unused({family}).contains(family)


def test_show_has_a_row_for_each_package_and_variant(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, SIX)
    out = cli("show", "--all-variants").stdout
    sources = ("default", "override", "annotation")
    lines = [line for line in out.splitlines() if line.endswith(sources)]
    assert len(lines) == 18
    assert out.count("  every package without settings or an override: 1_el9.6\n") == 3
    report = json.loads(cli("--variant", "rocm", "show", "--format", "json").stdout)
    tags = {each["package"]: each["build_tag"] for each in report["tags"]}
    assert tags == {
        "*": "1_el9.6",
        "a": "1_el9.6",
        "b": "1_el9.6",
        "c": "1_el9.6_torch2.9.1",
        "d": "1_el9.6",
        "flash-attn": "1_el9.6_rocm7.1_torch2.9.1",
        "torch": "1_el9.6_rocm7.1",
    }


@pytest.mark.parametrize("locked", [True, False])
def test_a_torch_bump_of_two_packages(cli: Cli, tmp_path: pathlib.Path, locked: bool) -> None:
    checkout = Checkout.create(tmp_path, SIX)
    if locked:
        cli("lock")
        checkout.commit({})
    checkout.write(
        {name: text.replace("2.9.1", "2.9.2") for name, text in SIX.items() if "rocm" in name}
    )
    if locked:
        cli("lock")
        diff = checkout.git("diff", "--unified=0", LOCK).splitlines()
        added = [line for line in diff if line.startswith("+  ")]
        assert added == ["+  c * 1_el9.6_torch2.9.2", "+  flash-attn * 1_el9.6_rocm7.1_torch2.9.2"]
        assert len([line for line in diff if line.startswith("-  ")]) == 2
    out = cli("review").stdout
    assert out.startswith("2 build tags change from ")
    assert "\nrocm (el9.6 rocm7.1 torch2.9.2): 2 packages renamed\n" in out
    assert "cuda" not in out
    assert cli("review", "--max-rebuilds=2").stderr == ""
    assert cli("review", "--max-rebuilds=1", status=1).stderr == (
        "Error: 2 packages rebuilt, more than 1\n"
    )


def test_renamed_and_added_packages_are_counted_apart(cli: Cli, tmp_path: pathlib.Path) -> None:
    base = {name: text for name, text in SIX.items() if not name.endswith(("/b.yaml", "/c.yaml"))}
    checkout = Checkout.create(tmp_path, base)
    checkout.write({"settings/packages/c.yaml": SIX["settings/packages/c.yaml"]})
    checkout.write({ROCM_FILE: ROCM.replace("2.9.1", "2.9.2")})
    out = cli("review").stdout
    assert "\nrocm (el9.6 rocm7.1 torch2.9.2): 1 package renamed, 1 added\n" in out
    assert "\ncpu (el9.6 cpu torch2.9.1): 1 package added\n" in out
    report = json.loads(cli("review", "--format", "json").stdout)
    assert report["compared"] == {"cpu": 5, "cuda": 5, "rocm": 5}
    assert {
        "variant": "rocm",
        "stack": "el9.6 rocm7.1 torch2.9.2",
        "renamed": 1,
        "added": 1,
    } in report["rebuilds"]


def test_a_new_distribution_counts_packages_without_a_row(cli: Cli, tmp_path: pathlib.Path) -> None:
    checkout = Checkout.create(tmp_path, SIX)
    cli("lock")
    checkout.commit({})
    checkout.write({ROCM_FILE: ROCM.replace("el9.6", "el10.1")})
    cli("lock")
    out = cli("review", status=1).stdout
    assert "\nrocm (el10.1 rocm7.1 torch2.9.1): 6 packages renamed\n" in out
    assert "renames 6 packages and every other package\n" in out


def test_a_real_wheel_that_no_lock_contains(cli: Cli, tmp_path: pathlib.Path) -> None:
    """Its tag is not the default: the settings are evaluated, or it is not compared."""
    checkout = Checkout.create(tmp_path, GOOD)
    cli("lock")
    checkout.commit({})
    checkout.write({ROCM_FILE: ROCM.replace("2.9.1", "2.9.2")})
    cli("lock")
    order = [{"dist": "flash-attn", "version": "2.8.3"}, {"dist": "torch", "version": "2.9.1"}]
    (tmp_path / "order.json").write_text(json.dumps(order))
    report = json.loads(cli("review", "--graph", "order.json", "--format", "json").stdout)
    assert [(each["package"], each["before"], each["after"]) for each in report["changes"]] == [
        ("flash-attn", "1_el9.6_rocm7.1_torch2.9.1", "1_el9.6_rocm7.1_torch2.9.2")
    ]
    (tmp_path / "new.lock").write_text((tmp_path / LOCK).read_text())
    (tmp_path / "old.lock").write_text(checkout.git("show", f"HEAD:{LOCK}"))
    out = cli("review", "old.lock", "new.lock", "--graph", "order.json").stdout
    assert out.startswith("No build tag changes from old.lock to new.lock; 1 note\n")
    assert (
        "not compared: 1 build tag of rocm (el9.6 rocm7.1 torch2.9.2) with an unknown suffix: the "
        "lock does not contain flash-attn, whose override is shipped\n"
        "    compare the settings with --no-lock, or write the lock again with "
        "`fromager-build-tags lock`\n"
    ) in out


def test_settings_of_one_more_shipped_package(cli: Cli, tmp_path: pathlib.Path) -> None:
    """A lock of the base does not contain it, and its tag does not change."""
    checkout = Checkout.create(tmp_path, GOOD)
    cli("lock")
    checkout.commit({})
    checkout.write({FLASH_FILE: "{}\n"})
    cli("lock")
    assert "flash-attn" in (tmp_path / LOCK).read_text()
    assert cli("review").stdout.startswith("No build tag changes from ")


def test_a_lock_of_the_old_format(cli: Cli, tmp_path: pathlib.Path) -> None:
    """It is read, checked without a difference of all of its rows, and written again."""
    checkout = Checkout.create(tmp_path, {**GOOD, LOCK: OLD})
    why = (
        "(format 2 instead of 1: without the shipped overrides of packages without settings, and "
        "without rows that equal the default)"
    )
    checked = cli("lock", "--check", status=1)
    assert checked.stdout == ""
    assert checked.stderr == f"{LOCK} is out of date {why}: run `fromager-build-tags lock`\n"
    [finding] = json.loads(cli("check", "--format", "json", status=1).stdout)["findings"]
    assert finding["message"] == "lock file is out of date: it has format 1, and 2 is current"
    written_again = f"{LOCK} is written {why}\nNext: commit it with the settings\n"
    assert cli("lock").stderr == written_again
    assert rows(tmp_path / LOCK, "rocm") == [
        "  * * 1_el9.6",
        "  torch 2.9.1 2_el9.6_rocm7.1",
        "  torch * 1_el9.6_rocm7.1",
    ]
    assert cli("lock", "--check").stderr == UP_TO_DATE
    assert cli("review").stdout.startswith("No build tag changes from ")
    checkout.commit({})
    assert cli("review", "HEAD~1", "HEAD").stdout.startswith("No build tag changes from ")


_EXPRESSIONS: Final = st.sampled_from(
    ["none", "torch", "accelerator", "torch if version < 0.29 else none", "accelerator torch"]
)
_PACKAGES: Final = st.sampled_from(["a", "b", "torch", "flash_attn"])
_VERSIONS: Final = st.sampled_from(["0.1", "0.29", "1.0", "2.9.1"])
_TREES: Final = st.tuples(
    st.dictionaries(_PACKAGES, st.none() | _EXPRESSIONS, max_size=4),
    st.dictionaries(_PACKAGES, st.lists(_VERSIONS, max_size=2, unique=True), max_size=4),
    st.sets(st.sampled_from(["cpu", "cuda", "rocm"]), min_size=1),
    st.booleans(),
)


def written(
    root: pathlib.Path,
    needs: Mapping[str, str | None],
    changelogs: Mapping[str, list[str]],
    variants: set[str],
    numbered: bool,
) -> SettingsTree:
    """Write a settings tree, and load it."""
    entries = "".join(f"  {each}: [a]\n" for each in sorted(variants)) if numbered else "  x: [a]\n"
    files: dict[str, str | None] = {SETTINGS_FILE: f"{HOOK}changelog:\n{entries}"}
    for each in variants:
        files[f"settings/variants/{each}.yaml"] = SIX[f"settings/variants/{each}.yaml"]
    for name in {*needs, *changelogs}:
        text = "".join(f"  '{each}': [b]\n" for each in changelogs.get(name, ()))
        text = f"changelog:\n{text}" if text else "env: {}\n"
        if expression := needs.get(name):
            text += f"annotations: {{build-tags.depends-on: '{expression}'}}\n"
        files[f"settings/packages/{name}.yaml"] = text
    write_tree(root, files)
    return load_settings_tree(
        settings_file=root / SETTINGS_FILE,
        settings_dir=root / "settings/packages",
        patches_dir=root / "patches",
        variant="cpu",
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_TREES)
def test_a_lock_gives_the_planned_tags(
    tmp_path_factory: pytest.TempPathFactory,
    two_overrides: None,
    tree: tuple[Mapping[str, str | None], Mapping[str, list[str]], set[str], bool],
) -> None:
    """Of each package and version; the tag of a package out of scope is right or unknown."""
    loaded = written(tmp_path_factory.mktemp("tree"), *tree)
    text = format_lock(lock_of(loaded).lock)
    lock = parse_lock(text, "f")
    assert format_lock(lock) == text
    in_scope = {*loaded.packages()}
    versions = [Version(each) for each in ("0.1", "0.28", "0.29", "0.30", "1.0", "2.9.1")]
    names = [canonicalize_name(each) for each in ("a", "b", "torch", "flash-attn", "pillow")]
    for stack in lock.stacks:
        [declared] = loaded.on(stack.variant).stacks()
        for name in names:
            wanted = Wanted(package=name, versions=tuple(versions))
            for tag in plan(loaded.on(stack.variant), [declared], [wanted]):
                found = stack.tag(name, str(tag.version))
                if name in in_scope or found.is_known:
                    assert found == tag.build_tag
                assert found.number == tag.build_tag.number
        assert (ANY, ANY) in stack.tags
