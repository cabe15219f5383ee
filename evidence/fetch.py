"""Fetch one published wheel at a time, and throw it away again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fromager_build_tags.add.given_wheel import fetch_wheel


@contextmanager
def fetched(requirement: str, python: str, platforms: Iterable[str]) -> Iterator[Path]:
    """Yield the path of a downloaded wheel that is gone afterwards.

    Args:
        requirement: a pinned one, such as ``torchvision==0.29.1``.
        python: the version of Python that the wheel is for.
        platforms: platform tags to accept, as pip takes them.

    Raises:
        InputError: pip gives no wheel.
    """
    options = [f"--python-version={python}", *(f"--platform={each}" for each in platforms)]
    with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
        yield fetch_wheel(requirement, Path(folder), options)
