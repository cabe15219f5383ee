"""Read settings from a revision of a git repository, and never touch its checkout."""

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

from .errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A git repository, by the top folder of its checkout."""

    top: pathlib.Path

    @classmethod
    def around(cls, folder: pathlib.Path) -> Repository:
        """Return the repository that *folder* is in.

        Raises:
            InputError: it is in none, or git is not installed.
        """
        found = _git(folder, "rev-parse", "--show-toplevel")
        if found.returncode:
            raise InputError(
                f"{folder} is not in a git repository: name two folders or two lock files to "
                "compare, or run this in a checkout"
            )
        return cls(top=pathlib.Path(os.fsdecode(found.stdout.rstrip(b"\n"))))

    def commit(self, ref: str) -> str:
        """Return the commit that *ref* names.

        Raises:
            InputError: it names none.
        """
        if not ref or ref.startswith(("-", "^")) or "\0" in ref:
            raise InputError(f"{ref!r} is not a revision: no name begins with '-' or '^'")
        found = _git(self.top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if found.returncode:
            raise InputError(f"there is no revision {ref!r} here{self._shallow_hint(ref)}")
        return found.stdout.decode().strip()

    def merge_base_with_default_branch(self) -> str:
        """Return the commit at which HEAD left the default branch.

        Raises:
            InputError: there is no default branch here, or no common commit.
        """
        branch = self._default_branch()
        found = _git(self.top, "merge-base", "HEAD", branch)
        if found.returncode:
            raise InputError(
                f"HEAD and {branch} have no commit in common here{self._shallow_hint(branch)}"
            )
        return found.stdout.decode().strip()

    def files(self, commit: str, paths: Iterable[pathlib.PurePath]) -> GitFiles:
        """Return the files of a commit below *paths*, by their path from the top.

        Raises:
            InputError: git cannot read them, or one is a link that leads out of *paths*.
        """
        wanted = [path.as_posix() for path in paths]
        listed = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *wanted)
        if listed.returncode:
            raise InputError(f"git cannot read {commit[:12]}: {_complaint(listed)}")
        blobs, links = _listed(listed.stdout)
        targets = GitFiles(top=self.top, ids=links)
        targets.read(links)
        followed = {path: _followed(path, commit, blobs, targets) for path in links}
        return GitFiles(top=self.top, ids=blobs | followed)

    def _default_branch(self) -> str:
        head = _git(self.top, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        if not head.returncode:
            return head.stdout.decode().strip()
        for branch in ("refs/remotes/origin/main", "refs/remotes/origin/master", "main", "master"):
            if not _git(self.top, "rev-parse", "--verify", "--quiet", branch).returncode:
                return branch
        raise InputError(
            "there is no default branch here (origin/HEAD, main or master): name the base"
            f"{self._shallow_hint('origin/main')}"
        )

    def _shallow_hint(self, ref: str) -> str:
        if _git(self.top, "rev-parse", "--is-shallow-repository").stdout.strip() != b"true":
            return ""
        # such a clone has one branch, and fetches no other unless it is told where to put it
        name = ref.removeprefix("refs/remotes/").removeprefix("origin/")
        into = name if name == ref else f"refs/remotes/origin/{name}"
        branch = f" {name}:{into}" if _BRANCH.fullmatch(name) else ""
        return f", and this is a shallow clone: run `git fetch --unshallow origin{branch}` first"


#: A name, and not the beginning of a hash or an expression such as ``HEAD~1``.
_BRANCH: Final = re.compile(r"(?!HEAD$|[0-9a-f]{7,40}$)\w[\w./-]*")


def _listed(output: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files of ``git ls-tree``, and its symbolic links: object names by path."""
    blobs: dict[str, str] = {}
    links: dict[str, str] = {}
    for line in output.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, kind, name = about.decode().split()
        if kind == "blob":
            (links if mode == "120000" else blobs)[os.fsdecode(path)] = name
    return blobs, links


@dataclass(frozen=True, kw_only=True, slots=True)
class GitFiles(Mapping[str, bytes]):
    """Files of a commit as committed, read when they are asked for.

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

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, paths: Iterable[str]) -> None:
        """Read several files at once; ``git archive`` would filter them.

        Raises:
            InputError: git has not all of them.
        """
        names = dict.fromkeys(self.ids[path] for path in paths)
        wanted = [name for name in names if name not in self._read]
        if wanted:
            asked = "".join(f"{name}\n" for name in wanted).encode()
            told = _git(self.top, "cat-file", "--batch", stdin=asked)
            if told.returncode:
                raise InputError(f"git cannot read {wanted[0][:12]}: {_complaint(told)}")
            self._read.update(_batch(told.stdout))


def object_name(content: bytes) -> str:
    """Return the name that git gives to a file of this content, in a SHA-1 repository."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _batch(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Read what ``git cat-file --batch`` writes."""
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        name, *about = output[at:end].decode().split()
        if about[-1] == "missing":
            raise InputError(f"git has no object {name[:12]} here: fetch the revision as a whole")
        at = end + 1 + int(about[-1])
        yield name, output[end + 1 : at]
        at += 1


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


def _git(
    folder: pathlib.Path, *args: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
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


def _complaint(run: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(run.stderr.decode(errors="replace").split())
