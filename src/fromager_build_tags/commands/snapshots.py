"""Base and head of a review, from the arguments: revisions, folders or lock files."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import click

from ..errors import InputError
from ..plan.lockfile import lock_file
from ..review.git import Repository, revision_in_full
from ..review.snapshot import Layout, Snapshot
from ..settings.layout import VARIANTS_DIR, variants_dir

WORKING_TREE = "the working tree"

exact_option = click.option(
    "--exact", is_flag=True, help="compare with BASE itself, not with the merge base"
)


def settings_layout(ctx: click.Context, lock: pathlib.Path | None) -> Layout:
    """Return the places of the settings, as the options name them."""
    options: dict[str, Any] = ctx.obj if isinstance(ctx.obj, dict) else ctx.find_root().params
    settings_file, settings_dir = options["settings_file"], options["settings_dir"]
    variants = os.environ.get(VARIANTS_DIR) or variants_dir(settings_dir)
    return Layout(
        settings_file=settings_file,
        settings_dir=settings_dir,
        variants_dir=pathlib.Path(variants),
        patches_dir=options["patches_dir"],
        lock_file=lock or lock_file(settings_file),
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
    tip = repository.commit(base)
    merge_base = repository.merge_base(base)
    if merge_base == tip:
        return base
    click.echo(
        f"compared with {merge_base[:12]}, the merge base of {base} and HEAD; --exact compares "
        f"with {base} itself",
        err=True,
    )
    return merge_base


def working_tree() -> pathlib.Path:
    """Return the top of the checkout."""
    return Repository.around(pathlib.Path()).top


def relative(path: pathlib.Path) -> pathlib.Path:
    """Return *path* relative to the current folder, if it is below the folder."""
    here = pathlib.Path().absolute()
    return path.relative_to(here) if path.is_relative_to(here) else path


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
    inside = Layout(
        settings_file=pathlib.PurePath(layout.settings_file.name),
        settings_dir=pathlib.PurePath(layout.settings_dir.name),
        variants_dir=pathlib.PurePath(layout.variants_dir.name),
        patches_dir=pathlib.PurePath(layout.patches_dir.name),
        lock_file=pathlib.PurePath(layout.lock_file.name),
    )
    return Snapshot.of_folder(path, inside, name)


def _below(layout: Layout, top: pathlib.Path) -> Layout:
    """Return the layout relative to the top of the repository."""

    def relative(path: pathlib.PurePath) -> pathlib.PurePath:
        normal = pathlib.Path(os.path.normpath(pathlib.Path(path).absolute()))  # keeps links
        known = normal if normal.is_relative_to(top) else normal.resolve()
        if known.is_relative_to(top):
            return known.relative_to(top)
        raise InputError(f"{path} is not in the git repository at {top}")

    return Layout(
        settings_file=relative(layout.settings_file),
        settings_dir=relative(layout.settings_dir),
        variants_dir=relative(layout.variants_dir),
        patches_dir=layout.patches_dir,
        lock_file=relative(layout.lock_file),
    )
