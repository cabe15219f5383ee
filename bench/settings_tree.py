"""A settings tree of a usual size: 1,200 packages, of which 24 are sensitive, and 12 variants."""

from __future__ import annotations

import pathlib
import shutil

from fromager.packagesettings import Settings

PACKAGES = 1_200
SENSITIVE = 24

_SHIPPED = ("torch", "flash_attn")


def write_settings_tree(root: pathlib.Path) -> None:
    """Write ``settings.yaml``, ``packages/`` and ``variants/`` below *root*."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "packages").mkdir(parents=True)
    (root / "variants").mkdir()
    variants = [f"{word}-ubi{number}" for word in ("cpu", "cuda", "rocm") for number in range(4)]
    (root / "settings.yaml").write_text(
        'wheels: {build_tag_hook: "fromager_build_tags.hooks:build_tag_hook"}\nchangelog:\n'
        + "".join(f"  {variant}: ['first build']\n" for variant in variants)
    )
    for variant in variants:
        (root / "variants" / f"{variant}.yaml").write_text(
            'distro: el9.6\ntorch_version: "2.10.0"\n'
            + {"cu": 'cuda_version: "13.0"\n', "ro": 'rocm_version: "7.1"\n'}.get(variant[:2], "")
        )
    for number in range(PACKAGES):
        name = _SHIPPED[number] if number < len(_SHIPPED) else f"package_{number}"
        (root / "packages" / f"{name}.yaml").write_text(_package(number))


def load_settings(root: pathlib.Path) -> None:
    """Let fromager load the tree below *root*: the baseline of commands that read settings."""
    Settings.from_files(
        settings_file=root / "settings.yaml",
        settings_dir=root / "packages",
        patches_dir=root / "patches",
        variant="cpu-ubi0",
        max_jobs=None,
    )


def _package(number: int) -> str:
    sensitive = 'annotations: {build-tags.depends-on: "accelerator torch"}\n'
    return (sensitive if 2 <= number < SENSITIVE else "") + (
        "build_options:\n  memory_per_job_gb: 2.0\nenv:\n  A_FLAG: '1'\n  ANOTHER: 'two words'\n"
        "resolver_dist:\n  include_sdists: true\n"
    )
