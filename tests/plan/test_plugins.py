"""Entry points: every one that we register loads, and a broken one is named."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

import click
import pytest

from fromager_build_tags import needs
from fromager_build_tags.errors import PluginError, explain_error
from fromager_build_tags.plan import plugins, scope
from fromager_build_tags.plan import source as sources

OURS = metadata.distribution("fromager-build-tags")


@pytest.fixture(autouse=True)
def empty_caches() -> Iterator[None]:
    """Entry points are looked up once a process; here once a test."""
    caches = [plugins.global_hooks, scope.shipped_overrides, plugins.load_shipped_override]
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install(group: str, *values: str) -> None:
        found = metadata.EntryPoints(
            metadata.EntryPoint(name, value, group)
            for name, value in (text.split(" = ") for text in values)
        )
        monkeypatch.setattr(metadata, "entry_points", lambda **_: found)

    return install


def test_every_entry_point_that_we_register_loads() -> None:
    groups = {entry_point.group for entry_point in OURS.entry_points}
    assert groups == {
        "console_scripts",
        "fromager.cli",
        "fromager.hooks",
        "fromager_build_tags.overrides",
    }
    for entry_point in OURS.entry_points:
        loaded = entry_point.load()
        if entry_point.group == scope.SHIPPED_GROUP:
            assert callable(loaded.wheel_build_tag)
            assert loaded.__doc__
            assert loaded.__name__ == entry_point.value
        elif entry_point.group == "fromager.cli":
            assert isinstance(loaded, click.Command)
            assert loaded.name == entry_point.name
        else:
            assert callable(loaded)


def test_installing_this_changes_no_override_of_fromager() -> None:
    """An entry there switches off PyPI metadata for the package, and may clash with a user's."""
    assert plugins.PROJECT_OVERRIDES_GROUP not in {ep.group for ep in OURS.entry_points}


def test_our_global_hook_is_found() -> None:
    assert needs.distribution in [extension.plugin for extension in plugins.global_hooks()]


def test_a_plugin_that_fails_to_import_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = metadata.EntryPoint("wheel_build_tag", "no_such_module:f", "fromager.hooks")

    class Manager:
        def __init__(self, *, on_load_failure_callback: Any, **_: Any) -> None:
            try:
                broken.load()
            except ImportError as err:
                on_load_failure_callback(self, broken, err)

    monkeypatch.setattr("stevedore.hook.HookManager", Manager)
    with pytest.raises(PluginError) as caught:
        plugins.global_hooks()
    assert explain_error(caught.value) == (
        "fromager.hooks: wheel_build_tag = no_such_module:f (of no installed distribution) "
        "does not load because No module named 'no_such_module'"
    )


def test_a_plugin_that_ends_python_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, register: Callable[..., None]
) -> None:
    (tmp_path / "leaving_hook.py").write_text("raise SystemExit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    register(plugins.HOOKS_GROUP, "wheel_build_tag = leaving_hook:tag")

    def manager(**_: Any) -> None:  # stevedore's lets it pass
        raise SystemExit(0)

    monkeypatch.setattr("stevedore.hook.HookManager", manager)
    with pytest.raises(PluginError) as caught:
        plugins.global_hooks()
    assert explain_error(caught.value) == (
        "fromager.hooks: wheel_build_tag = leaving_hook:tag (of no installed distribution) "
        "does not load because it calls exit(0) when it is imported"
    )
    (tmp_path / "leaving_hook.py").write_text("def tag(): ...  # at the second try")
    with pytest.raises(PluginError, match=r"^a plugin wheel_build_tag calls exit\(0\)$"):
        plugins.global_hooks()


def test_a_shipped_override_that_fails_to_import_is_named(register: Callable[..., None]) -> None:
    register(scope.SHIPPED_GROUP, "demo = no_such_module")
    with pytest.raises(PluginError, match=r"demo = no_such_module .* does not load"):
        plugins.load_shipped_override("demo")
    assert plugins.load_shipped_override("another") is None


def test_two_registrations_of_one_package_are_an_error(register: Callable[..., None]) -> None:
    register(scope.SHIPPED_GROUP, "demo = b", "demo = a", "dem* = c")
    with pytest.raises(PluginError) as caught:
        plugins.load_shipped_override("demo")
    assert str(caught.value) == (
        "demo is registered more than once: "
        "fromager_build_tags.overrides: demo = a (of no installed distribution) and "
        "fromager_build_tags.overrides: demo = b (of no installed distribution): "
        "uninstall all but one of these distributions, or remove an entry point"
    )


def test_a_pattern_is_for_the_packages_that_no_name_is_for(register: Callable[..., None]) -> None:
    register(
        scope.SHIPPED_GROUP,
        "Jax-Cuda*_plugin = email",
        "jax.cuda12.plugin = html",
        "faiss_gpu_* = json",
    )
    found = {
        name: getattr(plugins.load_shipped_override(name), "__name__", None)
        for name in (
            "jax_cuda12_plugin", "jax_cuda14_plugin", "JAX.cuda14-plugin", "faiss_gpu_cu14",
            "faiss_gpu", "jax_cuda_foo_plugin", "torch",
        )
    }  # fmt: skip
    assert found == {
        "jax_cuda12_plugin": "html",
        "jax_cuda14_plugin": "email",
        "JAX.cuda14-plugin": "email",
        "faiss_gpu_cu14": "json",
        "faiss_gpu": None,
        "jax_cuda_foo_plugin": None,
        "torch": None,
    }
    assert scope.pattern_of("jax-cuda14-plugin") == "Jax-Cuda*_plugin"
    assert scope.pattern_of("jax-cuda12-plugin") == scope.pattern_of("torch") == ""
    assert scope.is_shipped("jax-cuda14-plugin")
    assert not scope.is_shipped("jax-cuda-foo-plugin")
    assert scope.shipped_packages() == {"jax-cuda12-plugin"}


def test_two_patterns_of_one_package_are_an_error(register: Callable[..., None]) -> None:
    register(scope.SHIPPED_GROUP, "faiss_gpu_cu* = html", "faiss_gpu_* = email", "faiss_gpu = json")
    with pytest.raises(PluginError) as caught:
        plugins.load_shipped_override("faiss_gpu_cu14")
    assert str(caught.value) == (
        "faiss_gpu_cu14 matches several patterns: "
        "fromager_build_tags.overrides: faiss_gpu_* = email (of no installed distribution) and "
        "fromager_build_tags.overrides: faiss_gpu_cu* = html (of no installed distribution): "
        "uninstall all but one of these distributions, remove an entry point, or set "
        "build-tags.depends-on in the settings of the package"
    )
    assert scope.is_shipped("faiss-gpu-cu14")
    assert plugins.load_shipped_override("faiss_gpu") is not None
    assert plugins.load_shipped_override("faiss_gpu_cuvs") is not None


@pytest.mark.parametrize("pattern", ["*", "**", "_*"])
def test_a_pattern_of_every_package_is_refused(register: Callable[..., None], pattern: str) -> None:
    register(scope.SHIPPED_GROUP, f"{pattern} = email", "torch = html")
    with pytest.raises(PluginError) as caught:
        plugins.load_shipped_override("demo")
    assert str(caught.value) == (
        f"fromager_build_tags.overrides: {pattern} = email (of no installed distribution) is not "
        "a pattern of a family: it matches every package; rename the entry point, or uninstall "
        "its distribution"
    )
    assert plugins.load_shipped_override("torch") is not None
    assert not scope.is_shipped("demo")


def test_a_description_names_the_distribution_without_stevedores_cache() -> None:
    entry_point = metadata.EntryPoint(
        "wheel_build_tag", "fromager_build_tags.needs:distribution", "fromager.hooks"
    )
    assert plugins.distribution_of(entry_point) == f"fromager-build-tags {OURS.version}"
    [of_ours] = [ep for ep in OURS.entry_points if ep.group == "fromager.cli"]
    assert plugins.distribution_of(of_ours) == f"fromager-build-tags {OURS.version}"


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        (1, "acme.torch", "the override acme.torch"),
        (2, "torch", "the annotation build-tags.depends-on: 'torch'"),
        (3, "ours.torch", "the shipped override ours.torch"),
        (4, "", "the default"),
    ],
)
def test_a_source_is_named(kind: int, name: str, text: str) -> None:
    made = sources.Source(kind=sources.SourceKind(kind), name=name, function=needs.distribution)
    assert str(made) == text
