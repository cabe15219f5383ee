"""Real git repositories, made in a folder of a test, without the user's git configuration."""

from __future__ import annotations

import os
import pathlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from .trees import write_tree


def git(folder: pathlib.Path, *args: str) -> str:
    """Run git, and return its output."""
    environ = os.environ | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    done = subprocess.run(
        ["git", *args], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {' '.join(args)}: {done.stderr}"
    return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository with a working tree."""

    folder: pathlib.Path

    @classmethod
    def create(cls, folder: pathlib.Path, files: Mapping[str, str | None]) -> Checkout:
        """Make one whose branch ``main`` has one commit with these files."""
        folder.mkdir(exist_ok=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
        checkout = cls(folder)
        checkout.commit(files)
        return checkout

    def write(self, files: Mapping[str, str | None]) -> None:
        """Change the working tree."""
        write_tree(self.folder, files)

    def commit(self, files: Mapping[str, str | None]) -> str:
        """Change the working tree, commit all of it, and return the commit."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")
        return self.git("rev-parse", "HEAD")

    def git(self, *args: str) -> str:
        """Run git in it."""
        return git(self.folder, *args)
