"""Read settings from a revision of a git repository, without touching its checkout."""

from __future__ import annotations

import hashlib
import os
import pathlib
import posixpath
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class GitFiles(Mapping[str, bytes]):
    """The files of a commit, read on access.

    Attributes:
        top: the top folder of the checkout.
        ids: git's object name of each file; equal names mean equal content.
    """

    top: pathlib.Path
    ids: Mapping[str, str]
    _read: dict[str, bytes] = field(default_factory=dict)

    def __getitem__(self, path: str) -> bytes:
        self.read([path])
        return self._read[self.ids[path]]

    def __contains__(self, path: object) -> bool:  # Mapping's own would read the file
        return path in self.ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, paths: Iterable[str]) -> None:
        """Read several files in one process; ``git archive`` would filter them.

        Raises:
            InputError: git does not have all of them.
        """
        names = dict.fromkeys(self.ids[path] for path in paths)
        wanted = [name for name in names if name not in self._read]
        if wanted:
            asked = "".join(f"{name}\n" for name in wanted).encode()
            batch = run_git(self.top, "cat-file", "--batch", stdin=asked)
            if batch.returncode:
                raise InputError(f"git cannot read {wanted[0][:12]}: {git_error(batch)}")
            self._read.update(_parse_batch(batch.stdout))


def _object_name(content: bytes) -> str:
    """Return the object name of a file with this content, in a SHA-1 repository."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _parse_batch(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each object that ``git cat-file --batch`` wrote."""
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        name, *about = output[at:end].decode().split()
        if about[-1] == "missing":
            raise InputError(f"git has no object {name[:12]} here: fetch the complete revision")
        at = end + 1 + int(about[-1])
        yield name, output[end + 1 : at]
        at += 1


def run_git(
    folder: pathlib.Path, *args: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, with messages in English; do not refresh the index.

    Raises:
        InputError: git is not installed.
    """
    environ = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *args],
            input=stdin,
            capture_output=True,
            check=False,
            env=environ,
        )
    except FileNotFoundError:
        raise InputError("git is not installed") from None


def git_error(run: subprocess.CompletedProcess[bytes]) -> str:
    """Return the error message of git on one line."""
    return " ".join(run.stderr.decode(errors="replace").split())


def prefetch(files: Mapping[str, bytes], paths: Iterable[str]) -> None:
    """Read several files in one process, where they are files of a commit."""
    if isinstance(files, GitFiles):
        files.read(paths)


def object_name(files: Mapping[str, bytes], path: str) -> str | None:
    """Return the object name of a file; None where there is no such file."""
    if isinstance(files, GitFiles):
        return files.ids.get(path)
    return _object_name(files[path]) if path in files else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A git repository.

    Attributes:
        top: the top folder of its checkout; of a bare one, its own folder.
        bare: whether it has no checkout.
    """

    top: pathlib.Path
    bare: bool = False

    @classmethod
    def around(cls, folder: pathlib.Path) -> Repository:
        """Return the repository that *folder* is in.

        Raises:
            InputError: there is none, git does not trust it, or git is not installed.
        """
        found = run_git(folder, "rev-parse", "--show-toplevel")
        if not found.returncode:
            return cls(top=_path(found.stdout))
        if b"safe.directory" in found.stderr:
            raise InputError(f"git does not trust this repository: {git_error(found)}")
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
            InputError: *ref* is not a revision.
        """
        if not ref:
            raise InputError("the name of a revision is empty; is a variable unset?")
        if ref.startswith(("-", "^")) or "\0" in ref:
            raise InputError(f"{ref!r} is not a revision: no name begins with '-' or '^'")
        found = run_git(self.top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if found.returncode:
            raise InputError(f"there is no revision {ref!r} here{self._shallow_hint(ref)}")
        return found.stdout.decode().strip()

    def merge_base(self, ref: str) -> str:
        """Return the merge base of HEAD and *ref*.

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

        One of *paths* may be a symbolic link, or below one, if the target is in the commit.

        Raises:
            InputError: git cannot read them, they are in a submodule, or a link leads out of
                *paths*.
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
            raise InputError(f"git cannot read {commit[:12]}: {git_error(listed)}")
        return listed.stdout

    def _real(self, commit: str, path: str) -> str:
        """Return *path* with symbolic links resolved.

        Raises:
            InputError: it is in a submodule, or leads out of the repository.
        """
        seen = {path}
        while True:
            ways = [path, *(str(each) for each in pathlib.PurePosixPath(path).parents)][:-1]
            _, links, submodules = _entries(self._ls_tree(commit, "--", *ways))
            for submodule in submodules:
                raise InputError(
                    f"{path} is in the submodule {submodule} at {commit[:12]}: review it in a "
                    "checkout of the submodule"
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
        """Return the branch that pull requests are merged into.

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
        # such a clone has one branch; another branch needs an explicit refspec
        name = ref.removeprefix("refs/remotes/").removeprefix("origin/")
        into = name if name == ref else f"refs/remotes/origin/{name}"
        branch = f" {name}:{into}" if _BRANCH.fullmatch(name) else ""
        return f", and this is a shallow clone: run `git fetch --unshallow origin{branch}` first"


#: A branch name, not an abbreviated hash nor an expression such as ``HEAD~1``.
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
    """Return whether a path is a file, or a folder that is not empty."""
    return path in blobs or any(each.startswith(f"{path}/") for each in (*blobs, *links))


def _as_wanted(ids: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return files by the paths that were asked for, instead of their resolved paths."""
    return {
        f"{path}{name[len(real) :]}": found
        for path, real in wanted.items()
        for name, found in ids.items()
        if name == real or name.startswith(f"{real}/")
    }


def revision_in_full(folder: pathlib.Path, name: str) -> str | None:
    """Return the full name of a revision in the repository around *folder*.

    None if *name* is not a revision, or there is no repository or no git.
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
    """Return the object that a link leads to, through other links of the settings only."""
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
