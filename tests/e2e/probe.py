"""Print, as JSON, the build tags that fromager computes for a stack in a fresh process.

Run by the interpreter of a venv, with ``SETTINGS VARIANT NAME==VERSION…``; ``--threads N`` asks
from N threads at once, ``--reverse`` has stevedore find every plugin in reverse order.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

from fromager import wheels
from fromager.context import WorkContext
from fromager.packagesettings import Settings
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.version import Version
from stevedore import extension, hook

_PLATLIB = frozenset({Tag("cp312", "cp312", "linux_x86_64")})


def main() -> None:
    """Print the tags that any thread computed, and the plugins in the order of their load."""
    parser = argparse.ArgumentParser()
    parser.add_argument("settings", type=pathlib.Path)
    parser.add_argument("variant")
    parser.add_argument("pins", nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reverse", action="store_true")
    options = parser.parse_args()
    if options.reverse:
        _find_plugins_in_reverse()
    with tempfile.TemporaryDirectory() as folder:
        context = _work_context(options.settings, options.variant, pathlib.Path(folder))
        answers = _ask(context, options.pins, options.threads)
    print(json.dumps({"answers": sorted(answers), "plugins": _plugins()}))


def _work_context(settings: pathlib.Path, variant: str, folder: pathlib.Path) -> WorkContext:
    return WorkContext(
        active_settings=Settings.from_files(
            settings_file=settings / "settings.yaml",
            settings_dir=settings / "packages",
            patches_dir=folder / "patches",
            variant=variant,
            max_jobs=None,
        ),
        patches_dir=folder / "patches",
        sdists_repo=folder / "sdists-repo",
        wheels_repo=folder / "wheels-repo",
        work_dir=folder / "work-dir",
        variant=variant,
        settings_dir=settings / "packages",
    )


def _ask(context: WorkContext, pins: list[str], threads: int) -> set[str]:
    """Return every answer that a thread got, all starting at once; one, if the tag is pure."""
    sys.setswitchinterval(1e-6)
    barrier = threading.Barrier(threads)

    def answer(number: int) -> str:
        barrier.wait()
        turned = pins[number % len(pins) :] + pins[: number % len(pins)]
        return json.dumps({pin: _build_tag(context, pin) for pin in turned}, sort_keys=True)

    with ThreadPoolExecutor(threads) as pool:
        return set(pool.map(answer, range(threads)))


def _build_tag(context: WorkContext, pin: str) -> str:
    name, _, version = pin.partition("==")
    tag = wheels.get_build_tag(
        ctx=context, req=Requirement(name), version=Version(version), wheel_tags=_PLATLIB
    )
    return "".join(map(str, tag))


def _find_plugins_in_reverse() -> None:
    listed = extension.ExtensionManager.list_entry_points
    extension.ExtensionManager.list_entry_points = lambda self: listed(self)[::-1]  # type: ignore[method-assign]


def _plugins() -> list[str]:
    manager: hook.HookManager[object] = hook.HookManager(
        namespace="fromager.hooks", name="wheel_build_tag"
    )
    return [plugin.module_name for plugin in manager]


if __name__ == "__main__":
    main()
