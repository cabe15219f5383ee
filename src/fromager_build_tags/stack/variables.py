"""The environment variables that are read, and the settings keys that they stand for."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Final

#: Not ``FROMAGER_``: that prefix is click's, for fromager's own options.
ENV_PREFIX: Final = "WHEEL_BUILD_TAG_"


def explicit_variable(key: str) -> str:
    """Return the variable that beats everything for a settings key: ``WHEEL_BUILD_TAG_DISTRO``."""
    return ENV_PREFIX + key.upper()


#: The facts of a stack: settings key, and what a person calls it.
FACTS: Final[Mapping[str, str]] = {
    "distro": "distribution",
    "accelerator": "accelerator",
    "accelerator_version": "accelerator version",
    "cuda_version": "CUDA version",
    "rocm_version": "ROCm version",
    "torch_version": "Torch version",
}
#: Names another folder of variant files.
VARIANTS_DIR: Final = explicit_variable("variants_dir")


def variants_dir(settings_dir: pathlib.Path) -> pathlib.Path:
    """Return the folder of the variant files, beside fromager's ``--settings-dir``.

    Not in it: fromager takes every ``*.yaml`` there for a package's.
    """
    if settings_dir.name in {"", ".."}:  # the parent of "." is "." itself
        settings_dir = settings_dir.resolve()
    return settings_dir.parent / "variants"


#: What to do about a wheel that is built and is not what its name says.
VERIFY: Final = explicit_variable("verify")

#: The variables that NVIDIA's, AMD's and other base images set.
IMAGE_VARIABLES: Final[Mapping[str, str]] = {
    "cuda_version": "CUDA_VERSION",
    "rocm_version": "ROCM_VERSION",
    "torch_version": "TORCH_VERSION",
}
