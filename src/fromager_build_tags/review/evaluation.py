"""Evaluate a snapshot with the overrides that are installed. This module imports fromager."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pathlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence

from packaging.utils import NormalizedName, canonicalize_name, is_normalized_name
from packaging.version import Version

from ..errors import SettingsError
from ..plan.locked_tags import Lock
from ..plan.locking import lock_of
from ..plan.model import Wanted
from ..plan.plugins import load_overrides
from ..plan.requirements import named_in
from ..settings.layout import VARIANTS_DIR
from ..settings.tree import broken_package_files, broken_settings_file, load_settings_tree
from .change import Wheels
from .git import prefetch
from .snapshot import BrokenSettings, Evaluation, Snapshot


def evaluate(
    snapshot: Snapshot,
    real: Iterable[Wheels] = (),
    locks: Iterable[Lock] = (),
    *,
    packages: Iterable[str] = (),
    fallback: Snapshot | None = None,
) -> Evaluation:
    """Return the build tags that the settings of a snapshot give.

    Args:
        snapshot: the settings.
        real: wheels of a real build, whose versions count besides those of the settings.
        locks: locks whose versions count, too.
        packages: packages that count, too, such as those of the other snapshot.
        fallback: whose global settings replace those of *snapshot* if these are unreadable.

    Raises:
        SettingsError: fromager cannot load the settings.
    """
    more = [*_versions(real), *itertools.chain.from_iterable(map(named_in, locks))]
    names = {canonicalize_name(each) for each in packages}
    more += [Wanted(package=each) for each in sorted(names) if is_normalized_name(each)]
    patches = pathlib.Path(snapshot.layout.patches_dir).absolute()  # of the working tree
    with _folder_of(snapshot):
        try:
            return _evaluate(snapshot, more, fallback, patches)
        except SettingsError as err:
            raise SettingsError(f"the build tags of {snapshot.name} cannot be computed") from err


def _versions(wheels: Iterable[Wheels]) -> list[Wanted]:
    versions: dict[NormalizedName, set[Version]] = {}
    for each in wheels:
        versions.setdefault(canonicalize_name(each.package), set()).add(Version(each.version))
    return [Wanted(package=name, versions=tuple(sorted(versions[name]))) for name in versions]


@contextlib.contextmanager
def _folder_of(snapshot: Snapshot) -> Iterator[None]:
    """Write a snapshot into a folder and work there, so that messages name its files as it does.

    The variable for the folder of the variant files, if it is set, names theirs meanwhile.
    """
    named = os.environ.get(VARIANTS_DIR)
    with tempfile.TemporaryDirectory(prefix="build-tags-") as name, contextlib.chdir(name):
        prefetch(snapshot.files, snapshot.files)
        for path, content in snapshot.files.items():
            target = pathlib.Path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if named:
            folder = pathlib.Path(snapshot.layout.variants_dir)
            folder.mkdir(parents=True, exist_ok=True)
            os.environ[VARIANTS_DIR] = str(folder)
        try:
            yield
        finally:
            if named:
                os.environ[VARIANTS_DIR] = named


def _evaluate(
    snapshot: Snapshot, more: Sequence[Wanted], fallback: Snapshot | None, patches: pathlib.Path
) -> Evaluation:
    layout = snapshot.layout
    settings_file, settings_dir = map(pathlib.Path, (layout.settings_file, layout.settings_dir))
    unreadable = functools.partial(BrokenSettings, snapshot=snapshot.name)
    broken: list[BrokenSettings] = []
    message = broken_settings_file(settings_file) if fallback else ""
    if fallback and message and str(settings_file) in fallback.files:
        settings_file.write_bytes(fallback.files[str(settings_file)])
        text = f"{message}: the global settings of {fallback.name} are used instead"
        broken.append(unreadable(place=str(settings_file), message=text))
    for path, message in broken_package_files(settings_dir):
        path.unlink()
        package = canonicalize_name(path.stem)
        broken.append(unreadable(place=str(path), message=message, package=package))
    tree = load_settings_tree(
        settings_file=settings_file,
        settings_dir=settings_dir,
        patches_dir=patches,
        variant="cpu",
    )
    load_overrides(tree.settings)
    planned = lock_of(tree, more)
    for variant, message in planned.wrong.items():
        place = str(layout.variants_dir / f"{variant}.yaml")
        broken.append(unreadable(place=place, message=message, variant=variant))
    note = f"{snapshot.name}: tags computed with the overrides that are installed here"
    return Evaluation(
        name=snapshot.name,
        lock=planned.lock,
        scope=snapshot.packages.union(tree.packages()),
        broken=tuple(broken),
        notes=(note,),
    )
