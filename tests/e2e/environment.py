"""Environments of subprocesses: clean of the caller's stack, and offline where they can be."""

from __future__ import annotations

import os
import pathlib
from typing import Final

from fromager_build_tags.stack.fact import ENV_PREFIX, IMAGE_VARIABLES

_OWN: Final = (ENV_PREFIX, "FROMAGER_", "PYTHON", "PYTEST_", "COV_", "COVERAGE_", "STANDIN_")
_INSTALLERS: Final = ("PIP_", "UV_")
_VIRTUAL_ENV: Final = "VIRTUAL_ENV"


def clean_environment() -> dict[str, str]:
    """Return the environment without anything that could change a build tag."""
    dropped = {*IMAGE_VARIABLES.values(), _VIRTUAL_ENV}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith(_OWN)
    }


def offline_environment(cache: pathlib.Path) -> dict[str, str]:
    """Return a clean environment in which nothing but loopback can be reached over HTTP.

    Args:
        cache: a folder for stevedore's cache of entry points, which is the user's otherwise.
    """
    environ = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(_INSTALLERS) and not name.lower().endswith("_proxy")
    }
    nowhere = "http://127.0.0.1:9"  # the discard port: no server listens
    return environ | {
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "all_proxy": nowhere,
        "no_proxy": "127.0.0.1",
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "XDG_CACHE_HOME": str(cache),
    }
