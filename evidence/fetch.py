"""Fetch one published wheel at a time, and throw it away again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fromager_build_tags.add.proposal import fetch_wheel

from .catalogue import Catalogue


@contextmanager
def fetched(catalogue: Catalogue, package: str, version: str) -> Iterator[Path]:
    """Yield the path of a downloaded wheel that is gone afterwards.

    Raises:
        InputError: pip gives no wheel.
    """
    platforms = [f"--platform={platform}" for platform in catalogue.platforms]
    options = [f"--python-version={catalogue.python}", *platforms]
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        yield fetch_wheel(f"{package}=={version}", Path(folder), options)
