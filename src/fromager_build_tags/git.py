"""Read settings from a revision of a git repository, and never touch its checkout."""

from __future__ import annotations

import io
import os
import pathlib
import subprocess
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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

    def files(self, commit: str, paths: Iterable[pathlib.PurePath]) -> dict[str, bytes]:
        """Return the files of a commit below *paths*, by their path from the top.

        Raises:
            InputError: git cannot read them, or one is a link that leads out of *paths*.
        """
        wanted = [path.as_posix() for path in paths]
        listed = _git(self.top, "ls-tree", "-r", "-z", "--name-only", commit, "--", *wanted)
        if listed.returncode or not listed.stdout:
            return {}
        there = self._there(commit, wanted)
        packed = _git(self.top, "archive", "--format=tar", commit, "--", *there)
        if packed.returncode:
            raise InputError(f"git cannot read {commit[:12]}: {_complaint(packed)}")
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            return dict(_members(archive, commit))

    def _there(self, commit: str, paths: Sequence[str]) -> list[str]:
        """Return the paths that the commit has: archive refuses the others."""
        return [
            path
            for path in paths
            if not _git(self.top, "cat-file", "-e", f"{commit}:{path}").returncode
        ]

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


def _members(archive: tarfile.TarFile, commit: str) -> Iterable[tuple[str, bytes]]:
    for member in archive.getmembers():
        if member.isdir():
            continue
        try:
            file = archive.extractfile(member)
        except KeyError:
            file = None
        if file is None:
            raise InputError(
                f"{member.name} at {commit[:12]} is a link that leads out of the settings "
                f"({member.linkname!r}): it is not followed"
            )
        yield member.name, file.read()


def _git(folder: pathlib.Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    environ = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *args], capture_output=True, check=False, env=environ
        )
    except FileNotFoundError:
        raise InputError("git is not installed") from None


def _complaint(run: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(run.stderr.decode(errors="replace").split())
