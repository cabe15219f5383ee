"""Files as git keeps them, each read when it is asked for, several in one process."""

from __future__ import annotations

import os
import pathlib
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import InputError


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
            told = run_git(self.top, "cat-file", "--batch", stdin=asked)
            if told.returncode:
                raise InputError(f"git cannot read {wanted[0][:12]}: {complaint(told)}")
            self._read.update(_batch(told.stdout))


def _object_name(content: bytes) -> str:
    """Return the name that git gives to a file of this content, in a SHA-1 repository."""
    import hashlib  # takes long to import, and no revision needs it

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


def run_git(
    folder: pathlib.Path, *args: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, with messages in English, and change nothing, not even the index.

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


def complaint(run: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git had to say, on one line."""
    return " ".join(run.stderr.decode(errors="replace").split())


def read_at_once(files: Mapping[str, bytes], paths: Iterable[str]) -> None:
    """Let git read several files in one process, not in one for each."""
    if isinstance(files, GitFiles):
        files.read(paths)


def name_of(files: Mapping[str, bytes], path: str) -> str | None:
    """Return the name that git gives to a file's content; None where there is no such file."""
    if isinstance(files, GitFiles):
        return files.ids.get(path)
    return _object_name(files[path]) if path in files else None
