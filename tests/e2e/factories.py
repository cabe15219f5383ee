"""The types of the fixtures that are functions."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Protocol

from .stacks import ExampleStack
from .venvs import Venv
from .workspaces import Workspace


class MakeVenv(Protocol):
    """Install requirements, at the running versions, in a new venv."""

    def __call__(self, *requirements: str | pathlib.Path) -> Venv: ...


class MakeWorkspace(Protocol):
    """Make an empty workspace for a stack; of fromager and this project alone by default."""

    def __call__(self, stack: ExampleStack, venv: Venv = ...) -> Workspace: ...


type Bootstrapped = Callable[[ExampleStack], Workspace]
