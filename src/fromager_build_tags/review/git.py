"""Read settings from a revision of a git repository, without touching its checkout."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from ..errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class GitFiles(Mapping[str, bytes]):
    """The files of a commit, read on access.

    Attributes:
        repository: the repository of the commit.
        ids: git's object name of each file; equal names mean equal content.
        sizes: the size of each file, in bytes.
    """

    repository: Repository
    ids: Mapping[str, str]
    sizes: Mapping[str, int]
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
            batch = self.repository.run("cat-file", "--batch", stdin=asked)
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


#: Variables of git that stay. Those that name a repository, as for the hooks of git, do not: the
#: folder names ours. A hook that receives a push finds the new commits in a folder of objects.
_KEPT: Final = ("GIT_ALTERNATE_", "GIT_CEILING_", "GIT_CONFIG_", "GIT_DISCOVERY_", "GIT_OBJECT_")
#: git reads objects as they are, writes nothing, never prompts, and connects to no remote.
_READ_ONLY: Final = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
}
#: A pull request can contain a bare repository, whose configuration names programs.
_OPTIONS: Final = (
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
)
_REMEDY: Final = "name two folders or two lock files to compare, or run this in a checkout"
_TIMEOUT: Final = 300
"""Seconds. A merge base in a huge repository takes some ten."""


def _run_git(
    folder: pathlib.Path, *args: str, stdin: bytes = b"", git_dir: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """Run git in the repository around a folder, or in *git_dir*; nothing is written or fetched.

    Raises:
        InputError: git is not installed, or does not end.
    """
    kept = (each for each in os.environ if each.startswith(_KEPT) or not each.startswith("GIT_"))
    environ = {each: os.environ[each] for each in kept}
    environ |= _READ_ONLY | ({"GIT_DIR": git_dir} if git_dir else {})
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *_OPTIONS, *args],
            input=stdin,
            capture_output=True,
            check=False,
            env=environ,
            timeout=_TIMEOUT,
        )
    except FileNotFoundError:
        raise InputError("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise InputError(f"git {args[0]} takes longer than {_TIMEOUT} seconds") from None


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
    def around(cls, folder: pathlib.Path, remedy: str = _REMEDY) -> Repository:
        """Return the repository that *folder* is in; else the bare one that ``GIT_DIR`` names.

        *remedy* is the end of the message where there is none.

        Raises:
            InputError: there is none, git does not trust it, or git is not installed.
        """
        found = _run_git(folder, "rev-parse", "--show-toplevel")
        if not found.returncode:
            return cls(top=_path(found.stdout))
        if b"safe.directory" in found.stderr:
            raise InputError(f"git does not trust this repository: {git_error(found)}")
        if named := os.environ.get("GIT_DIR"):
            asked = ("rev-parse", "--is-bare-repository", "--absolute-git-dir")
            is_bare, _, top = _run_git(folder, *asked, git_dir=named).stdout.partition(b"\n")
            if is_bare == b"true":
                return cls(top=_path(top), bare=True)
        if b"safe.bareRepository" in found.stderr:
            raise InputError(
                f"{folder} is in a bare repository, which a pull request can contain: set GIT_DIR "
                "to its folder if it is yours"
            )
        raise InputError(f"{folder} is not in a git repository: {remedy}")

    def run(self, *args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run git in the repository, with messages in English; nothing is written or fetched."""
        git_dir = str(self.top) if self.bare else ""
        return _run_git(self.top, *args, stdin=stdin, git_dir=git_dir)

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
        # not recursive: a small tree can contain itself many times over
        listed = self._entries(commit, *wanted, *(f"{path}/" for path in wanted))
        entries = [each for each in listed if each.path in wanted or each.path.endswith(".yaml")]
        ids = {each.path: each.name for each in entries if each.mode in _FILES}
        lost = [
            path
            for path in wanted
            if path not in ids and not any(each.startswith(f"{path}/") for each in ids)
        ]
        ways = {str(each) for path in lost for each in pathlib.PurePosixPath(path, "*").parents}
        above = self._entries(commit, *sorted(ways - {"."})) if lost else []
        for each in [*entries, *above]:
            if each.mode == _LINK:
                raise InputError(f"{each.path} at {commit[:12]} is a symbolic link: not followed")
        for each in above:
            if each.mode == _SUBMODULE:
                raise InputError(
                    f"{each.path} at {commit[:12]} is a submodule: review it in a checkout of its "
                    "own"
                )
        sizes = {each.path: each.size for each in entries}
        return GitFiles(repository=self, ids=ids, sizes=sizes)

    def _entries(self, commit: str, *paths: str) -> list[_Entry]:
        listed = self.run("ls-tree", "-z", "--long", "--full-tree", commit, "--", *paths)
        if listed.returncode:
            raise InputError(f"git cannot read {commit[:12]}: {git_error(listed)}")
        return [_Entry.parse(line) for line in listed.stdout.split(b"\0")[:-1]]

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
        found = self.run(*args)
        return "" if found.returncode else found.stdout.decode().strip()

    def _shallow_hint(self, ref: str) -> str:
        if self._output("rev-parse", "--is-shallow-repository") != "true":
            return ""
        # such a clone has one branch; another branch needs an explicit refspec
        name = ref.removeprefix("refs/remotes/").removeprefix("origin/")
        into = name if name == ref else f"refs/remotes/origin/{name}"
        branch = f" {name}:{into}" if _BRANCH.fullmatch(name) else ""
        return f", and this is a shallow clone: run `git fetch --unshallow origin{branch}` first"


class _Entry(NamedTuple):
    """A file, folder, link or submodule of a commit; a folder has no size."""

    path: str
    mode: str
    name: str
    size: int

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Return the entry that ``git ls-tree --long`` printed."""
        about, _, path = os.fsdecode(line).partition("\t")
        mode, _, name, size = about.split()
        return cls(path, mode, name, int(size) if size.isdigit() else 0)


_FILES: Final = {"100644", "100755", "100664"}
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
        commit = _run_git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        full = _run_git(folder, "rev-parse", "--symbolic-full-name", name)
    except InputError:
        return None
    return None if commit.returncode else (full.stdout.strip() or commit.stdout.strip()).decode()


def _path(output: bytes) -> pathlib.Path:
    return pathlib.Path(os.fsdecode(output.rstrip(b"\n")))
