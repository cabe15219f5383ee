"""Evaluate a snapshot with the overrides that are installed. This module imports fromager."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator, Sequence

from packaging.utils import canonicalize_name

from ..errors import SettingsError
from ..plan.locking import lock_of
from ..plan.model import Wanted
from ..plan.plugins import load_overrides
from ..settings.layout import VARIANTS_DIR
from ..settings.tree import broken_package_files, broken_settings_file, load_settings_tree
from .git import prefetch
from .snapshot import BrokenSettings, Evaluation, Snapshot


def evaluate(
    snapshot: Snapshot, more: Sequence[Wanted] = (), *, fallback: Snapshot | None = None
) -> Evaluation:
    """Return the build tags that the settings of a snapshot give.

    Args:
        snapshot: the settings.
        more: packages and versions of a real build, besides those of the settings.
        fallback: whose global settings replace those of *snapshot* if these are unreadable.

    Raises:
        SettingsError: fromager cannot load the settings.
    """
    with _folder_of(snapshot):
        try:
            return _evaluate(snapshot, more, fallback)
        except SettingsError as err:
            raise SettingsError(f"the build tags of {snapshot.name} cannot be computed") from err


@contextlib.contextmanager
def _folder_of(snapshot: Snapshot) -> Iterator[None]:
    """Write a snapshot into a folder and work there, so that messages name its files as it does."""
    with tempfile.TemporaryDirectory(prefix="build-tags-") as name, contextlib.chdir(name):
        prefetch(snapshot.files, snapshot.files)
        for path, content in snapshot.files.items():
            target = pathlib.Path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        with _variants_in(pathlib.Path(snapshot.layout.variants_dir)):
            yield


@contextlib.contextmanager
def _variants_in(folder: pathlib.Path) -> Iterator[None]:
    """Let the variable for the folder of the variant files, if it is set, name *folder*."""
    named = os.environ.get(VARIANTS_DIR)
    if not named:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[VARIANTS_DIR] = str(folder)
    try:
        yield
    finally:
        os.environ[VARIANTS_DIR] = named


def _evaluate(snapshot: Snapshot, more: Sequence[Wanted], fallback: Snapshot | None) -> Evaluation:
    layout = snapshot.layout
    settings_file, settings_dir = map(pathlib.Path, (layout.settings_file, layout.settings_dir))
    broken = [*_replaced(snapshot, settings_file, fallback)] if fallback else []
    for path, message in broken_package_files(settings_dir):
        path.unlink()
        package = canonicalize_name(path.stem)
        broken.append(_broken(snapshot, path, message, package=package))
    tree = load_settings_tree(
        settings_file=settings_file,
        settings_dir=settings_dir,
        patches_dir=pathlib.Path(layout.patches_dir),
        variant="cpu",
    )
    load_overrides(tree.settings)
    planned = lock_of(tree, more)
    for variant, message in planned.wrong.items():
        path = pathlib.Path(layout.variants_dir) / f"{variant}.yaml"
        broken.append(_broken(snapshot, path, message, variant=variant))
    note = f"{snapshot.name}: tags computed with the overrides that are installed here"
    return Evaluation(name=snapshot.name, lock=planned.lock, broken=tuple(broken), notes=(note,))


def _replaced(
    snapshot: Snapshot, settings_file: pathlib.Path, fallback: Snapshot
) -> Iterator[BrokenSettings]:
    """Replace global settings that are unreadable."""
    place = settings_file.as_posix()
    message = broken_settings_file(settings_file)
    if message and place in fallback.files:
        settings_file.write_bytes(fallback.files[place])
        text = f"{message}: the global settings of {fallback.name} are used instead"
        yield _broken(snapshot, settings_file, text)


def _broken(
    snapshot: Snapshot, path: pathlib.Path, message: str, *, variant: str = "", package: str = ""
) -> BrokenSettings:
    return BrokenSettings(
        snapshot=snapshot.name,
        place=path.as_posix(),
        message=message,
        variant=variant,
        package=package,
    )
