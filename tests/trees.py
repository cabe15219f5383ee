"""Small settings trees, made in code; each test changes one thing."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Final

SETTINGS_FILE: Final = "settings/settings.yaml"
TORCH_FILE: Final = "settings/packages/torch.yaml"
FLASH_FILE: Final = "settings/packages/flash_attn.yaml"
ROCM_FILE: Final = "settings/variants/rocm.yaml"

HOOK: Final = 'wheels:\n  build_tag_hook: "fromager_build_tags.hooks:build_tag_hook"\n'
SETTINGS: Final = f"{HOOK}changelog:\n  rocm:\n    - first\n"
TORCH: Final = 'changelog:\n  "2.9.1":\n    - first\n'
ROCM: Final = 'distro: el9.6\nrocm_version: "7.1"\ntorch_version: "2.9.1"\n'

#: A tree without findings: one variant, and one package with an entry.
GOOD: Final[Mapping[str, str]] = {SETTINGS_FILE: SETTINGS, TORCH_FILE: TORCH, ROCM_FILE: ROCM}

#: The same tree with settings of a second package, whose shipped override provides its tag.
TWO_PACKAGES: Final[Mapping[str, str]] = {**GOOD, FLASH_FILE: "{}\n"}


def write_tree(root: pathlib.Path, files: Mapping[str, str | None]) -> None:
    """Write files below *root*; delete those that are None."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content.encode())
