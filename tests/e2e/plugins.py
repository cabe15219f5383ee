"""Third-party distributions with plugins for fromager."""

from __future__ import annotations

import pathlib
from typing import Final

from .distributions import Distribution
from .workspaces import REPOSITORY

_HOOKS: Final = "fromager.hooks"
_PROJECT_OVERRIDES: Final = "fromager.project_overrides"
_SHIPPED: Final = "fromager_build_tags.overrides"

_BUILD_WHEEL: Final = """\
import os
import pathlib

from fromager import wheels


def build_wheel(ctx, build_env, extra_environ, req, sdist_root_dir, version, build_dir):
    pathlib.Path(os.environ["STANDIN_LOG"]).open("a").write("their build_wheel\\n")
    return wheels.default_build_wheel(
        ctx, build_env, extra_environ, req, sdist_root_dir, version, build_dir
    )
"""
_WHEEL_BUILD_TAG: Final = """

def wheel_build_tag(*, ctx, req, version, wheel_tags):
    return [(2, "theirs1.0")]
"""

#: An existing ``torch`` override that knows nothing of this project.
BUILDS_TORCH: Final = Distribution(
    name="their_torch",
    modules={"their_torch.py": _BUILD_WHEEL},
    entry_points={_PROJECT_OVERRIDES: {"torch": "their_torch"}},
)
#: An override that also provides segments.
TAGS_TORCH: Final = Distribution(
    name="their_torch",
    modules={"their_torch.py": _BUILD_WHEEL + _WHEEL_BUILD_TAG},
    entry_points={_PROJECT_OVERRIDES: {"torch": "their_torch"}},
)


def global_hook(name: str, text: str) -> Distribution:
    """Return a distribution whose global hook adds *text* as a segment of order 4."""
    source = f"def tag(*, ctx, req, version, wheel_tags):\n    return [(4, {text!r})]\n"
    return Distribution(
        name=name,
        modules={f"{name}.py": source},
        entry_points={_HOOKS: {"wheel_build_tag": f"{name}:tag"}},
    )


def verbatim_copy(module: str) -> Distribution:
    """Return a distribution that registers a copy of a shipped override as its own."""
    source = pathlib.Path(REPOSITORY, "overrides", f"{module}.py").read_text(encoding="utf-8")
    return Distribution(
        name="copied_override",
        modules={f"copied/{module}.py": source, "copied/__init__.py": ""},
        entry_points={_PROJECT_OVERRIDES: {module: f"copied.{module}"}},
    )


def _broken(group: str, entry: str, value: str) -> Distribution:
    return Distribution(
        name="broken_plugin",
        modules={"broken_plugin.py": "import no_such_module\n"},
        entry_points={group: {entry: value}},
    )


#: A global hook that fails to import.
BROKEN_HOOK: Final = _broken(_HOOKS, "wheel_build_tag", "broken_plugin:tag")
#: An override module in this project's own group that fails to import.
BROKEN_OVERRIDE: Final = _broken(_SHIPPED, "pillow", "broken_plugin")
#: An override of a family, in this project's own group.
PATTERN: Final = Distribution(
    name="their_kernels",
    modules={
        "their_kernels.py": "from fromager_build_tags.needs import depends_on\n\n"
        'wheel_build_tag = depends_on("accelerator torch")\n'
    },
    entry_points={_SHIPPED: {"Their.Kernels-ROCm_*": "their_kernels"}},
)
