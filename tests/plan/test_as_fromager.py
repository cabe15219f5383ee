"""Random settings: a plan of a variant gives what ``fromager --variant`` gives a wheel's name.

fromager's own function for the name, ``get_build_tag``, is called with a context that is made as
its command line makes it. ``CASES=2000`` compares more than the default.
"""

from __future__ import annotations

import itertools
import os
import pathlib
import random
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from fromager import overrides
from fromager.context import WorkContext
from fromager.packagesettings import Settings
from fromager.wheels import get_build_tag
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version
from stevedore.extension import ExtensionManager

from fromager_build_tags.needs import Need, depends_on, segments
from fromager_build_tags.plan import plugins
from fromager_build_tags.plan.locking import lock_of
from fromager_build_tags.plan.model import PlannedTag, Wanted
from fromager_build_tags.plan.planner import PLATLIB, PURELIB, plan
from fromager_build_tags.settings.hook import HOOK
from fromager_build_tags.settings.tree import SettingsTree, load_settings_tree
from fromager_build_tags.tag.build_tag import BuildTag

from ..conftest import extension
from ..trees import write_tree

CASES = int(os.environ.get("CASES", "200"))
PER_TREE = 10

VARIANTS = {"cpu": {}, "cuda-ubi9": {"cuda_version": "13.0"}, "rocm": {"rocm_version": "7.1"}}
#: The last one by a pattern only.
PACKAGES = ["demo-one", "demo.two", "flash-attn", "torch", "jax-rocm10-plugin"]
LISTED = ["1.0", "1.1rc1", "1.2.post1", "2.0.dev1", "1!1.0", "1.3+cpu", "2.10.0"]
VERSIONS = [*LISTED, "1.0.0", "1.0+cpu", "1.1", "1.2", "2.10rc1", "2.10.0+cu130", "3"]
EXPRESSIONS = [
    "none",
    "torch",
    "accelerator torch",
    "accelerator if accelerator == cuda else torch",
    "torch if version < 1.1 else accelerator",
    "none if version == 2.10.* else accelerator",
    "accelerator if version >= 1.2 and torch >= 2.10 else none",
    "accelerator torch if version > 1!0 else none",
    "no expression",
]


def by_variant(*, ctx: Any, req: Any, version: Any, wheel_tags: Any) -> Any:
    needs = [Need.TORCH] if ctx.variant == "cpu" else [Need.ACCELERATOR, Need.TORCH]
    return segments(needs, ctx=ctx, wheel_tags=wheel_tags)


def by_settings(*, ctx: Any, req: Any, version: Any, wheel_tags: Any) -> Any:
    info = ctx.package_build_info(req)
    number = len(info.get_changelog(version))
    words = [ctx.settings.variant, info.variant, *info.annotations, str(number)]
    return [(9, "".join(filter(str.isalnum, word))) for word in words]


def by_version(*, ctx: Any, req: Any, version: Version, wheel_tags: Any) -> Any:
    return [(7, f"v{version.major}")] if version >= Version("1.1") else []


def by_kind(*, wheel_tags: frozenset[Tag]) -> Any:
    return [(8, "any" if all(tag.platform == "any" for tag in wheel_tags) else "plat")]


def fails_on_rocm(*, ctx: Any, wheel_tags: Any) -> Any:
    if ctx.variant == "rocm":
        raise ValueError("no wheel for ROCm")
    return []


def returns_a_text(*, wheel_tags: Any) -> Any:
    return "cuda"


FUNCTIONS: list[Callable[..., Any]] = [
    by_variant,
    by_settings,
    by_version,
    by_kind,
    fails_on_rocm,
    returns_a_text,
    *map(depends_on, EXPRESSIONS[:-1]),
]


def tree_of(draw: random.Random) -> dict[str, str]:
    """Return the files of random settings."""
    changelog = {variant: _entries(draw) for variant in VARIANTS if draw.random() < 0.8}
    hook = {"wheels": {"build_tag_hook": HOOK}} if draw.random() < 0.8 else {}
    files: dict[str, object] = {"settings.yaml": {**hook, "changelog": changelog}}
    for package in PACKAGES:
        if draw.random() < 0.8:
            name = package.replace("-", "_").replace(".", "_")
            files[f"packages/{name}.yaml"] = _package(draw)
    for variant, facts in VARIANTS.items():
        optional = {"distro": "el9.6", "torch_version": "2.10.0"}
        kept = {key: value for key, value in optional.items() if draw.random() < 0.9}
        files[f"variants/{variant}.yaml"] = {**facts, **kept}
    return {f"settings/{name}": yaml.safe_dump(content) for name, content in files.items()}


def _entries(draw: random.Random) -> list[str]:
    return ["an entry"] * draw.randrange(4)


def _package(draw: random.Random) -> dict[str, object]:
    content: dict[str, object] = {}
    if draw.random() < 0.7:
        versions = draw.sample(LISTED, draw.randrange(4))
        content["changelog"] = {version: _entries(draw) for version in versions}
    if draw.random() < 0.5:
        content["annotations"] = _annotations(draw)
    variants: dict[str, object] = {}
    for variant in draw.sample(list(VARIANTS), draw.randrange(3)):
        variants[variant] = draw.choice(
            [{"pre_built": True}, {"env": {"A": "1"}}, {"annotations": _annotations(draw)}]
        )
    return {**content, "variants": variants}


def _annotations(draw: random.Random) -> Mapping[str, str]:
    return {"build-tags.depends-on": draw.choice(EXPRESSIONS), "other": "x"}


def _register(draw: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """Register random overrides of packages, and sometimes another global hook."""
    found = []
    for package in draw.sample(PACKAGES, draw.randrange(3)):
        name = package.replace("-", "_").replace(".", "_")
        module = SimpleNamespace(__name__=f"acme.{name}", wheel_build_tag=draw.choice(FUNCTIONS))
        each = extension(module, module.__name__)
        each.name = name
        found.append(each)
    group = plugins.PROJECT_OVERRIDES_GROUP
    manager = ExtensionManager.make_test_instance(found, namespace=group)
    monkeypatch.setattr(overrides, "_mgr", manager)
    hooks = [extension(depends_on("none"))] if draw.random() < 0.9 else [extension(by_kind_hook)]
    monkeypatch.setattr(plugins, "global_hooks", lambda: [*OURS, *hooks])


def by_kind_hook(*, wheel_tags: frozenset[Tag], **_: object) -> Any:
    return by_kind(wheel_tags=wheel_tags)


OURS = tuple(plugins.global_hooks())


def _context(root: pathlib.Path, variant: str) -> WorkContext:
    """Return the context of ``fromager --variant``."""
    settings = Settings.from_files(
        settings_file=root / "settings/settings.yaml",
        settings_dir=root / "settings/packages",
        patches_dir=root / "patches",
        variant=variant,
        max_jobs=None,
    )
    return WorkContext(
        active_settings=settings,
        patches_dir=root / "patches",
        sdists_repo=root / "sdists",
        wheels_repo=root / "wheels",
        work_dir=root / "work",
        variant=variant,
        settings_dir=root / "settings/packages",
    )


def _of_fromager(ctx: WorkContext, package: str, version: Version) -> tuple[str, str]:
    """Return the build tags of a platlib and of a purelib wheel."""

    def one(tags: frozenset[Tag]) -> str:
        try:
            found = get_build_tag(
                ctx=ctx, req=Requirement(package), version=version, wheel_tags=tags
            )
        except Exception:  # noqa: BLE001 - whatever a hook raises stops fromager
            return "error"
        return "".join(map(str, found))

    return one(PLATLIB), one(PURELIB)


def _of_plan(tag: PlannedTag) -> tuple[str, str]:
    purelib = BuildTag(tag.number, None)
    if tag.number is None or tag.purelib is not None:
        purelib = BuildTag.of(tag.number, tag.purelib or ())
    return _text(tag.build_tag), _text(purelib)


def _text(tag: BuildTag) -> str:
    return str(tag) if tag.is_known else "error"


def _load(root: pathlib.Path, variant: str) -> SettingsTree:
    return load_settings_tree(
        settings_file=root / "settings/settings.yaml",
        settings_dir=root / "settings/packages",
        patches_dir=root / "patches",
        variant=variant,
    )


def _wheels(draw: random.Random) -> Iterator[tuple[str, NormalizedName, Version]]:
    for _ in range(PER_TREE):
        package = NormalizedName(draw.choice(PACKAGES).replace(".", "-"))
        yield draw.choice(list(VARIANTS)), package, Version(draw.choice(VERSIONS))


@pytest.mark.usefixtures("two_overrides")
def test_a_plan_gives_what_fromager_gives(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    for seed in range(CASES // PER_TREE):
        draw = random.Random(seed)
        root = tmp_path / str(seed)
        write_tree(root, tree_of(draw))
        _register(draw, monkeypatch)
        tree = _load(root, draw.choice(list(VARIANTS)))
        contexts = {variant: _context(root, variant) for variant in VARIANTS}
        locks = {each.variant: each for each in lock_of(tree).lock.stacks}
        for variant, package, version in _wheels(draw):
            context = contexts[variant]
            expected = _of_fromager(context, package, version)
            on_variant = tree.on(variant)
            wanted = [Wanted(package=package, versions=(version,))]
            [here] = plan(on_variant, on_variant.stacks(here=True), wanted)
            case = (seed, variant, package, str(version))
            assert (case, _of_plan(here)) == (case, expected)
            [declared] = plan(on_variant, on_variant.stacks(), wanted)
            locked = locks[variant].tag(package, str(version))
            known = [_of_plan(declared)[0], _text(locked)]
            assert (case, {*known} - {"error", expected[0]}) == (case, set())
            seen.update(expected)
    assert {"", "error"} <= seen
    texts = list(itertools.chain.from_iterable(each.split("_") for each in seen))
    assert {"el9.6", "cuda13.0", "torch2.10.0"} <= set(texts)
