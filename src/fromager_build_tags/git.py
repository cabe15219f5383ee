"""Read settings from a revision of a git repository, and never touch its checkout."""

from __future__ import annotations

import hashlib
import os
import pathlib
import posixpath
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from .errors import InputError

#: The mode of a symbolic link in a tree.
_LINK: Final = "120000"


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
        if not ref or ref.startswith("-") or "\0" in ref:
            raise InputError(f"{ref!r} is not a revision: no name begins with '-'")
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
            InputError: one is a link that leads out of *paths*.
        """
        wanted = [path.as_posix() for path in paths]
        listed = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *wanted)
        ids: dict[str, str] = {}
        links: list[str] = []
        for entry in os.fsdecode(listed.stdout).split("\0"):
            if entry:
                about, _, path = entry.partition("\t")
                mode, _, ids[path] = about.split()
                links += [path] if mode == _LINK else []
        files = GitFiles(top=self.top, ids=ids)
        for path in links:
            target = os.fsdecode(files[path])
            leads_to = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if leads_to not in ids:
                raise InputError(
                    f"{path} at {commit[:12]} is a link that leads out of the settings "
                    f"({target!r}): it is not followed"
                )
            ids[path] = ids[leads_to]
        return GitFiles(top=self.top, ids=ids)

    def _default_branch(self) -> str:
        head = _git(self.top, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        if not head.returncode:
            return head.stdout.decode().strip()
        for branch in ("refs/remotes/origin/main", "refs/remotes/origin/master", "main", "master"):
            if not _git(self.top, "rev-parse", "--verify", "--quiet", branch).returncode:
                return branch
        raise InputError(
            "there is no default branch here (origin/HEAD, main or master): name the base"
        )

    def _shallow_hint(self, ref: str) -> str:
        shallow = _git(self.top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        name = ref.removeprefix("refs/remotes/").removeprefix("origin/")
        if not shallow:
            return ""
        return (
            ", and this is a shallow clone: run `git fetch --unshallow origin`, "
            f"or `git fetch --depth=1000 origin {name}`"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class GitFiles(Mapping[str, bytes]):
    """Files of a commit, read when they are asked for.

    Attributes:
        top: the top folder of the checkout.
        ids: git's object name of each file; equal names mean equal content.
    """

    top: pathlib.Path
    ids: Mapping[str, str]
    _read: dict[str, bytes] = field(default_factory=dict)

    def __getitem__(self, path: str) -> bytes:
        if self.ids[path] not in self._read:
            self.read([path])
        return self._read[self.ids[path]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, paths: Iterable[str]) -> None:
        """Read several files at once."""
        names = dict.fromkeys(self.ids[path] for path in paths)
        wanted = [name for name in names if name not in self._read]
        if not wanted:
            return
        asked = "".join(f"{name}\n" for name in wanted).encode()
        batch = _git(self.top, "cat-file", "--batch", given=asked).stdout
        at = 0
        for name in wanted:
            end = batch.index(b"\n", at)
            size = int(batch[at:end].split()[2])
            self._read[name] = batch[end + 1 : end + 1 + size]
            at = end + 1 + size + 1


def object_name(content: bytes) -> str:
    """Return the name that git gives to a file of this content, in a SHA-1 repository."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _git(
    folder: pathlib.Path, *args: str, given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    environ = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *args],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            check=False,
            env=environ,
        )
    except FileNotFoundError:
        raise InputError("git is not installed") from None
