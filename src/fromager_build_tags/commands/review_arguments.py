"""What review and bump compare: base and head, and the wheels of real builds, by the arguments."""

from __future__ import annotations

import collections
import functools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click
from packaging.version import Version

from ..errors import InputError
from ..files import real_path
from ..plan.locked_tags import public_version
from ..plan.lockfile import lock_file
from ..review.change import Wheels
from ..review.git import Repository, revision_in_full
from ..review.snapshot import Layout, Snapshot
from ..settings.layout import VARIANTS_DIR, variants_dir
from ..tag.filename import parse_wheel_name
from ..text import first_few
from . import common

WORKING_TREE = "the working tree"

_OPTIONS = (
    click.option("--exact", is_flag=True, help="compare with BASE itself, not with the merge base"),
    click.option("--lock", type=click.Path(path_type=pathlib.Path), help="the lock file"),
    common.graph_option("compare the packages and versions of a graph.json or build-order.json"),
    click.option(
        "--index",
        "indexes",
        multiple=True,
        type=click.Path(path_type=pathlib.Path, exists=True, file_okay=False),
        help="compare the wheels in a folder; pure-Python wheels have no segments",
    ),
)


def compared(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name what to compare; call *command* with base, head and real wheels."""

    @functools.wraps(command)
    def with_snapshots(
        base: str | None,
        exact: bool,
        lock: pathlib.Path | None,
        graphs: tuple[pathlib.Path, ...],
        indexes: tuple[pathlib.Path, ...],
        **others: Any,
    ) -> None:
        common.note_explicit_variables()
        if "head" not in others:  # bump edits the working tree
            _refuse_no_checkout()
        head = others.pop("head", None)
        layout = _settings_layout(click.get_current_context(), lock)
        old, new = base_and_head(layout, base, head, exact=exact)
        command(base=old, head=new, real=_real_wheels(graphs, indexes), **others)

    for option in reversed(_OPTIONS):
        option(with_snapshots)
    return with_snapshots


def _refuse_no_checkout() -> None:
    remedy = "bump compares with a git revision, so run it in a checkout"
    if Repository.around(pathlib.Path(), remedy).bare:
        raise InputError(f"this repository is bare and has no working tree: {remedy}")


def _settings_layout(ctx: click.Context, lock: pathlib.Path | None) -> Layout:
    """Return the places of the settings, as the options name them."""
    found = common.places(ctx)
    variants = os.environ.get(VARIANTS_DIR) or variants_dir(found.settings_dir)
    return Layout(
        settings_file=found.settings_file,
        settings_dir=found.settings_dir,
        variants_dir=pathlib.Path(variants),
        patches_dir=found.patches_dir,
        lock_file=lock or lock_file(found.settings_file),
    )


def base_and_head(
    layout: Layout, base: str | None, head: str | None, *, exact: bool = False
) -> tuple[Snapshot, Snapshot]:
    """Return base and head; by default the default branch and the working tree.

    The working tree is compared with the merge base, as a pull request is, unless *exact* is set.

    Raises:
        InputError: one of them is not a revision, a folder or a lock file, or is ambiguous.
    """
    if base is not None and head is not None and _is_path(base) and _is_path(head):
        return _of_path(base, layout), _of_path(head, layout)
    repository = Repository.around(pathlib.Path())
    below = _below(layout, repository.top)
    if head is None and repository.bare:
        raise InputError(
            "this repository is bare and has no working tree: name two revisions, BASE and HEAD"
        )
    if base is None:
        branch = repository.default_branch()
        base = branch if exact else repository.merge_base(branch)
    elif head is None and not exact and not _is_path(base):
        base = _merge_base(repository, base)

    def snapshot(name: str) -> Snapshot:
        is_path = _is_path(name)
        return _of_path(name, layout) if is_path else Snapshot.of_commit(repository, name, below)

    old = snapshot(base)
    if head is None:
        return old, Snapshot.of_folder(repository.top, below, WORKING_TREE)
    return old, snapshot(head)


def _merge_base(repository: Repository, base: str) -> str:
    """Return *base* if it is an ancestor of HEAD; otherwise print and return the merge base."""
    tip = repository.commit(base)  # refuses what is no revision, such as an option of git
    merge_base = repository.merge_base(base)
    if merge_base == tip:
        return base
    common.note(
        f"compared with {merge_base[:12]}, the merge base of {base} and HEAD; --exact compares "
        f"with {base} itself"
    )
    return merge_base


def in_working_tree(path: pathlib.PurePath) -> pathlib.Path:
    """Return a path below the top of the checkout, relative to the current folder if it can be."""
    return common.relative(Repository.around(pathlib.Path()).top / path)


def _is_path(name: str) -> bool:
    """Return whether *name* is a folder or a file.

    Raises:
        InputError: it is a revision as well.
    """
    path = pathlib.Path(name)
    if not name or not path.exists():
        return False
    if revision := revision_in_full(pathlib.Path(), name):
        kind = "folder" if path.is_dir() else "file"
        raise InputError(
            f"{name} is both a revision and a {kind} here: write {revision} or ./{name}"
        )
    return True


def _of_path(name: str, layout: Layout) -> Snapshot:
    path = pathlib.Path(name)
    if path.is_file():
        return Snapshot.of_lock(path, layout)
    is_relative = not any(each.is_absolute() for each in layout.paths)
    if is_relative and (path / layout.settings_file).exists():
        return Snapshot.of_folder(path, layout, name)
    inside = layout.mapped(lambda each: pathlib.PurePath(each.name))
    return Snapshot.of_folder(path, inside, name)


def _below(layout: Layout, top: pathlib.Path) -> Layout:
    """Return the layout relative to the top of the repository."""

    def relative_to_top(path: pathlib.PurePath) -> pathlib.PurePath:
        normal = pathlib.Path(os.path.normpath(pathlib.Path(path).absolute()))  # keeps links
        known = normal if normal.is_relative_to(top) else real_path(normal)
        if known.is_relative_to(top):
            return known.relative_to(top)
        raise InputError(f"{path} is not in the git repository at {top}")

    return layout.mapped(relative_to_top)


def _real_wheels(files: Iterable[pathlib.Path], folders: Iterable[pathlib.Path]) -> list[Wheels]:
    """Return the wheels of real builds: from fromager's files, and from folders of wheels.

    fromager's files do not record which wheels are pure Python; folders do, and their wheels are
    counted.

    Raises:
        InputError: a file is not fromager's or names no package, or a folder has no wheels.
    """
    counts: collections.Counter[tuple[str, Version | str, bool]] = collections.Counter()
    for folder in folders:
        counts.update(_wheels(folder))
    in_folders = {(package, version) for package, version, _ in counts}
    for file in files:
        from ..plan.requirements import from_build_file  # imports fromager: 1 s

        for wanted in from_build_file(file):
            for each in wanted.versions or ():
                version = public_version(str(each))
                if (wanted.package, version) not in in_folders:
                    counts[wanted.package, version, False] = 1
    if files and not counts:  # without wheels, a review compares all build tags of the settings
        raise InputError(f"there are no packages in {first_few(files)}")
    return [
        Wheels(package, str(version), purelib, number)
        for (package, version, purelib), number in counts.items()
    ]


def _wheels(folder: pathlib.Path) -> Iterator[tuple[str, Version | str, bool]]:
    found = sorted(folder.rglob("*.whl"))
    if not found:
        raise InputError(f"there are no wheels in {folder}")
    for path in found:
        try:
            name = parse_wheel_name(path.name)
        except InputError:
            common.note(f"{path} is not counted: it has no name of a wheel")
        else:
            yield name.name, public_version(str(name.version)), not name.is_platlib
