"""Read settings from a revision of a git repository, without touching its checkout."""

from __future__ import annotations

import os
import pathlib
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
    """Return the object name of a file in a SHA-1 repository; None where there is no such file."""
    if isinstance(files, GitFiles):
        return files.ids.get(path)
    if path not in files:
        return None
    import hashlib  # takes 3 ms, and a review of two commits needs none

    content = b"blob %d\0" % len(files[path]) + files[path]
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


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
        commit = self._output("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if not commit:
            raise InputError(f"there is no revision {ref!r} here{self._shallow_hint(ref)}")
        return commit

    def merge_base(self, ref: str) -> str:
        """Return the merge base of HEAD and *ref*.

        Raises:
            InputError: they have no commit in common.
        """
        commit = self._output("merge-base", "HEAD", ref)
        if not commit:
            raise InputError(
                f"HEAD and {ref} have no commit in common here{self._shallow_hint(ref)}; "
                f"--exact compares with {ref} itself"
            )
        return commit

    def files(self, commit: str, paths: Iterable[pathlib.PurePath]) -> GitFiles:
        """Return the files of a commit below *paths*, by their path from the top.

        Raises:
            InputError: git cannot read them, or they are in a submodule or behind a symbolic link.
        """
        wanted = [path.as_posix() for path in paths]
        entries = self._entries(commit, "-r", "--", *wanted)
        ids = {path: name for path, mode, name in entries if mode != _SUBMODULE}
        lost = [
            path
            for path in wanted
            if path not in ids and not any(each.startswith(f"{path}/") for each in ids)
        ]
        ways = {str(each) for path in lost for each in pathlib.PurePosixPath(path, "*").parents}
        above = self._entries(commit, "--", *sorted(ways - {"."})) if lost else []
        for path, mode, _ in [*entries, *above]:
            if mode == _LINK:
                raise InputError(f"{path} at {commit[:12]} is a symbolic link: not followed")
        for path, mode, _ in above:
            if mode == _SUBMODULE:
                raise InputError(
                    f"{path} at {commit[:12]} is a submodule: review it in a checkout of its own"
                )
        return GitFiles(top=self.top, ids=ids)

    def _entries(self, commit: str, *args: str) -> list[tuple[str, str, str]]:
        """Return path, mode and object name of each entry that ``git ls-tree`` lists."""
        listed = run_git(self.top, "ls-tree", "-z", "--full-tree", commit, *args)
        if listed.returncode:
            raise InputError(f"git cannot read {commit[:12]}: {git_error(listed)}")
        lines = [os.fsdecode(line).partition("\t") for line in listed.stdout.split(b"\0")[:-1]]
        return [(path, about.split()[0], about.split()[2]) for about, _, path in lines]

    def default_branch(self) -> str:
        """Return the branch that pull requests are merged into.

        Raises:
            InputError: there is none here.
        """
        if head := self._output("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"):
            return head
        for branch in ("refs/remotes/origin/main", "refs/remotes/origin/master", "main", "master"):
            if self._output("rev-parse", "--verify", "--quiet", branch):
                return branch
        raise InputError(
            "there is no default branch here (origin/HEAD, main or master): name the base"
            f"{self._shallow_hint('origin/main')}"
        )

    def _output(self, *args: str) -> str:
        """Return what git prints; "" where it fails."""
        found = run_git(self.top, *args)
        return "" if found.returncode else found.stdout.decode().strip()

    def _shallow_hint(self, ref: str) -> str:
        if self._output("rev-parse", "--is-shallow-repository") != "true":
            return ""
        # such a clone has one branch; another branch needs an explicit refspec
        name = ref.removeprefix("refs/remotes/").removeprefix("origin/")
        into = name if name == ref else f"refs/remotes/origin/{name}"
        branch = f" {name}:{into}" if _BRANCH.fullmatch(name) else ""
        return f", and this is a shallow clone: run `git fetch --unshallow origin{branch}` first"


_LINK: Final = "120000"
_SUBMODULE: Final = "160000"
#: A branch name, not an abbreviated hash nor an expression such as ``HEAD~1``.
_BRANCH: Final = re.compile(r"(?!HEAD$|[0-9a-f]{7,40}$)\w[\w./-]*")


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


def _path(output: bytes) -> pathlib.Path:
    return pathlib.Path(os.fsdecode(output.rstrip(b"\n")))
