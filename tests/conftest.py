"""What every test shares: a quiet environment, a machine, and a fromager work context."""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fromager.constraints import Constraints
from fromager.context import WorkContext
from fromager.packagesettings import PackageSettings, Settings, SettingsFile
from hypothesis import settings
from packaging.tags import Tag
from packaging.version import Version
from stevedore.extension import Extension

from fromager_build_tags import needs
from fromager_build_tags.commands import main
from fromager_build_tags.findings.finding import Place
from fromager_build_tags.plan import plugins, scope
from fromager_build_tags.stack import machine
from fromager_build_tags.stack.fact import Fact, Missing
from fromager_build_tags.stack.stack import Stack

PLATLIB = frozenset({Tag("cp312", "cp312", "linux_x86_64")})
PURELIB = frozenset({Tag("py3", "none", "any")})

# a machine may be busy; every other setting is the default of hypothesis, in CI and elsewhere
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")

type MakeContext = Callable[..., WorkContext]
type Cli = Callable[..., Result]
type Install = Callable[[str, Mapping[str, str]], None]


def ask_stack(accelerator: str, torch: str = "") -> Callable[[], Stack]:
    """Return a function that gives an expression its stack."""
    stack = Stack(
        variant="",
        place=Place(),
        distro=Missing(message=""),
        accelerator=Fact(value=accelerator, source=""),
        accelerator_version=None,
        torch_version=Fact(value=Version(torch), source="") if torch else Missing(message="Torch?"),
    )
    return lambda: stack


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine that runs the tests from changing their results."""
    for name in os.environ:
        if name.startswith(("WHEEL_BUILD_TAG_", "FROMAGER_")):
            monkeypatch.delenv(name)
    for name in ("CUDA_VERSION", "ROCM_VERSION", "TORCH_VERSION", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def os_release(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> pathlib.Path:
    """An os-release file of RHEL 9.6, which a test may write over."""
    path = tmp_path_factory.mktemp("etc") / "os-release"
    path.write_text('ID="rhel"\nVERSION_ID="9.6"\n')
    monkeypatch.setattr(machine, "OS_RELEASE_FILES", (path,))
    return path


@pytest.fixture
def make_context(tmp_path: pathlib.Path) -> MakeContext:
    """Return a function that makes a real work context; nothing of it is on disk."""

    def make(
        variant: str = "rocm",
        *,
        packages: dict[str, dict[str, Any]] | None = None,
        constraints: tuple[str, ...] = (),
        settings_dir: pathlib.Path | None = tmp_path / "settings" / "packages",
        changelog: dict[str, list[str]] | None = None,
        hook: str | None = None,
    ) -> WorkContext:
        settings = Settings(
            settings=SettingsFile(changelog=changelog or {}, wheels={"build_tag_hook": hook}),
            package_settings=[
                PackageSettings.from_mapping(name, content, source="test", has_config=True)
                for name, content in (packages or {}).items()
            ],
            variant=variant,
            patches_dir=tmp_path / "patches",
            max_jobs=None,
        )
        ctx = WorkContext(
            active_settings=settings,
            patches_dir=tmp_path / "patches",
            sdists_repo=tmp_path / "sdists",
            wheels_repo=tmp_path / "wheels",
            work_dir=tmp_path / "work",
            variant=variant,
            settings_dir=settings_dir,
        )
        ctx.constraints = Constraints()
        for line in constraints:
            ctx.constraints.add_constraint(line)
        return ctx

    return make


@pytest.fixture
def variants_dir(tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder where the context of ``make_context`` looks for variant files."""
    path = tmp_path / "settings" / "variants"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def set_hooks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that installs global hooks instead of those that are installed."""

    def install(*functions: Any) -> None:
        extensions = [extension(function) for function in functions]
        monkeypatch.setattr(plugins, "global_hooks", lambda: extensions)

    return install


def extension(function: Any, value: str = "acme.hooks:tag") -> Extension[Any]:
    """Return a loaded plugin, as stevedore hands it out."""
    if function is needs.distribution:
        value = "fromager_build_tags.needs:distribution"
    return Extension(
        plugins.WHEEL_BUILD_TAG,
        EntryPoint(plugins.WHEEL_BUILD_TAG, value, plugins.HOOKS_GROUP),
        function,
        None,
    )


@pytest.fixture
def set_override(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that registers a module in ``fromager.project_overrides``."""
    from fromager import overrides
    from stevedore.extension import ExtensionManager

    def install(name: str, module: Any) -> None:
        entry_point = EntryPoint(name, module.__name__, plugins.PROJECT_OVERRIDES_GROUP)
        manager = ExtensionManager.make_test_instance(
            [Extension(name, entry_point, module, None)],
            namespace=plugins.PROJECT_OVERRIDES_GROUP,
        )
        monkeypatch.setattr(overrides, "_mgr", manager)

    return install


@pytest.fixture
def install(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a distribution with override modules, until the test ends."""
    from fromager import overrides
    from stevedore.extension import ExtensionManager

    folder = tmp_path / "site-packages"
    folder.mkdir()

    def write(name: str, modules: Mapping[str, str]) -> None:
        """Register each module as the override of the package that it is called like."""
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"[{plugins.PROJECT_OVERRIDES_GROUP}]"]
        for package, content in modules.items():
            (folder / f"{name}_{package}.py").write_text(content)
            lines.append(f"{package} = {name}_{package}")
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")

    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(overrides, "_mgr", None)
    monkeypatch.setattr(ExtensionManager, "ENTRY_POINT_CACHE", {})
    yield write
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def two_overrides(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use only two shipped overrides: tables of all packages would be long."""
    two = {name: scope.shipped_overrides()[name] for name in ("torch", "flash_attn")}
    plugins.load_shipped_override.cache_clear()
    monkeypatch.setattr(scope, "shipped_overrides", lambda: two)
    yield
    plugins.load_shipped_override.cache_clear()


@pytest.fixture
def cli(tmp_path: pathlib.Path, two_overrides: None, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Return a function that runs a command in ``tmp_path``, where ``settings/`` is the tree."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "settings/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "settings/packages")

    def invoke(*args: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, args)
        assert result.exit_code == status, f"{result.output}\n{result.exception!r}"
        return result

    return invoke
