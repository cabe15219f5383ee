"""Read settings from a revision of a git repository, and never touch its checkout."""

from __future__ import annotations

import os
import pathlib
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..errors import InputError
from .git_objects import GitFiles, complaint, run_git


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A git repository.

    Attributes:
        top: the top folder of its checkout; of a bare one, its own folder.
        bare: it has no checkout.
    """

    top: pathlib.Path
    bare: bool = False

    @classmethod
    def around(cls, folder: pathlib.Path) -> Repository:
        """Return the repository that *folder* is in.

        Raises:
            InputError: it is in none, git does not trust it, or git is not installed.
        """
        found = run_git(folder, "rev-parse", "--show-toplevel")
        if not found.returncode:
            return cls(top=_path(found.stdout))
        if b"safe.directory" in found.stderr:
            raise InputError(f"git does not trust this repository: {complaint(found)}")
        found = run_git(folder, "rev-parse", "--is-bare-repository", "--absolute-git-dir")
        is_bare, _, top = found.stdout.partition(b"\n")
        if is_bare == b"true":
            return cls(top=_path(top), bare=True)
        raise InputError(
            f"{folder} is not in a git repository: name two folders or two lock files to "
            "compare, or run this in a checkout"
        )

    def commit(self, ref: str) -> str:
        """Return the commit that *ref* names.

        Raises:
            InputError: it names none.
        """
        if not ref:
            raise InputError("the name of a revision is empty, as a variable that is not set")
        if ref.startswith(("-", "^")) or "\0" in ref:
            raise InputError(f"{ref!r} is not a revision: no name begins with '-' or '^'")
        found = run_git(self.top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if found.returncode:
            raise InputError(f"there is no revision {ref!r} here{self._shallow_hint(ref)}")
        return found.stdout.decode().strip()

    def merge_base(self, ref: str) -> str:
        """Return the commit at which HEAD and *ref* parted.

        Raises:
            InputError: they have no commit in common.
        """
        found = run_git(self.top, "merge-base", "HEAD", ref)
        if found.returncode:
            raise InputError(
                f"HEAD and {ref} have no commit in common here{self._shallow_hint(ref)}; "
                f"--exact compares with {ref} itself"
            )
        return found.stdout.decode().strip()

    def files(self, commit: str, paths: Iterable[pathlib.PurePath]) -> GitFiles:
        """Return the files of a commit below *paths*, by their path from the top.

        One of *paths* may be a link, or lie below one, if that leads to somewhere in the commit.

        Raises:
            InputError: git cannot read them, they lie in a submodule, or a file is a link that
                leads out of *paths*.
        """
        wanted = {path.as_posix(): path.as_posix() for path in paths}
        blobs, links = self._listed(commit, wanted)
        lost = [path for path in wanted if not _is_there(path, blobs, links)]
        moved = {path: real for path in lost if (real := self._real(commit, path)) != path}
        if moved:
            wanted |= moved
            blobs, links = self._listed(commit, wanted.values())
        targets = GitFiles(top=self.top, ids=links)
        targets.read(links)
        followed = {path: _followed(path, commit, blobs, targets) for path in links}
        found = blobs | followed
        return GitFiles(top=self.top, ids=_as_wanted(found, wanted) if moved else found)

    def _listed(self, commit: str, paths: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        blobs, links, _ = _entries(self._ls_tree(commit, "-r", "--", *paths))
        return blobs, links

    def _ls_tree(self, commit: str, *args: str) -> bytes:
        listed = run_git(self.top, "ls-tree", "-z", "--full-tree", commit, *args)
        if listed.returncode:
            raise InputError(f"git cannot read {commit[:12]}: {complaint(listed)}")
        return listed.stdout

    def _real(self, commit: str, path: str) -> str:
        """Return where *path* leads if it is a link, or lies below one.

        Raises:
            InputError: it lies in a submodule, or leads out of the repository.
        """
        seen = {path}
        while True:
            ways = [path, *(str(each) for each in pathlib.PurePosixPath(path).parents)][:-1]
            _, links, submodules = _entries(self._ls_tree(commit, "--", *ways))
            for submodule in submodules:
                raise InputError(
                    f"{path} lies in the submodule {submodule} at {commit[:12]}: review it there, "
                    "in a checkout of the submodule"
                )
            if not links:
                return path
            [link] = links
            target = os.fsdecode(GitFiles(top=self.top, ids=links)[link])
            below = path[len(link) :].lstrip("/")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, below))
            if path in seen or path in {".", ".."} or path.startswith(("/", "../")):
                raise InputError(
                    f"{link} at {commit[:12]} is a link that leads nowhere in the repository "
                    f"({target!r}): it is not followed"
                )
            seen.add(path)

    def default_branch(self) -> str:
        """Return the branch that changes are made for.

        Raises:
            InputError: there is none here.
        """
        head = run_git(self.top, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        if not head.returncode:
            return head.stdout.decode().strip()
        for branch in ("refs/remotes/origin/main", "refs/remotes/origin/master", "main", "master"):
            if not run_git(self.top, "rev-parse", "--verify", "--quiet", branch).returncode:
                return branch
        raise InputError(
            "there is no default branch here (origin/HEAD, main or master): name the base"
            f"{self._shallow_hint('origin/main')}"
        )

    def _shallow_hint(self, ref: str) -> str:
        if run_git(self.top, "rev-parse", "--is-shallow-repository").stdout.strip() != b"true":
            return ""
        # such a clone has one branch, and fetches no other unless it is told where to put it
        name = ref.removeprefix("refs/remotes/").removeprefix("origin/")
        into = name if name == ref else f"refs/remotes/origin/{name}"
        branch = f" {name}:{into}" if _BRANCH.fullmatch(name) else ""
        return f", and this is a shallow clone: run `git fetch --unshallow origin{branch}` first"


#: A name, and not the beginning of a hash or an expression such as ``HEAD~1``.
_BRANCH: Final = re.compile(r"(?!HEAD$|[0-9a-f]{7,40}$)\w[\w./-]*")


def _entries(output: bytes) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return the files of ``git ls-tree``, symbolic links, submodules: object names by path."""
    blobs: dict[str, str] = {}
    links: dict[str, str] = {}
    submodules: dict[str, str] = {}
    for line in output.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, kind, name = about.decode().split()
        if kind == "blob":
            (links if mode == "120000" else blobs)[os.fsdecode(path)] = name
        elif kind == "commit":
            submodules[os.fsdecode(path)] = name
    return blobs, links, submodules


def _is_there(path: str, blobs: Iterable[str], links: Iterable[str]) -> bool:
    """Tell whether a path is a file, or a folder with something in it."""
    return path in blobs or any(each.startswith(f"{path}/") for each in (*blobs, *links))


def _as_wanted(ids: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return files by the paths that were asked for, whatever these really are."""
    return {
        f"{path}{name[len(real) :]}": found
        for path, real in wanted.items()
        for name, found in ids.items()
        if name == real or name.startswith(f"{real}/")
    }


def revision_in_full(folder: pathlib.Path, name: str) -> str | None:
    """Return what *name* is in full if it is a revision in the repository around *folder*.

    None if it is no revision, there is no repository, or there is no git.
    """
    if name.startswith(("-", "^")):
        return None
    try:
        commit = run_git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        full = run_git(folder, "rev-parse", "--symbolic-full-name", name)
    except InputError:
        return None
    return None if commit.returncode else (full.stdout.strip() or commit.stdout.strip()).decode()


def _followed(link: str, commit: str, blobs: Mapping[str, str], links: Mapping[str, bytes]) -> str:
    """Return the object that a link leads to, over other links, but to nowhere else."""
    path, seen = link, {link}
    while path not in blobs:
        target = os.fsdecode(links[path])
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if path in seen or not (path in blobs or path in links):
            raise InputError(
                f"{link} at {commit[:12]} is a link that leads out of the settings "
                f"({target!r}): it is not followed"
            )
        seen.add(path)
    return blobs[path]


def _path(output: bytes) -> pathlib.Path:
    return pathlib.Path(os.fsdecode(output.rstrip(b"\n")))
