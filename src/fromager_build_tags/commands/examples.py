"""Examples of command lines, for the help of each command and for the reference.

fromager imports this module at every start, as it does the group.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Final

import click

#: The arguments of each command, the usual ones first.
EXAMPLES: Final[Mapping[str, Sequence[str]]] = {
    "init": ("", "--variant cuda-ubi9 --variant cpu-ubi9 --ci github"),
    "add": (
        "flash-attn --depends-on 'accelerator torch'",
        "flash-attn --from-wheel flash-attn==2.8.3",
        "--from-index wheels-repo --dry-run",
    ),
    "check": ("", "--here --variant cuda-ubi9"),
    "show": ("", "torch==2.10.0 --names"),
    "explain": ("torch==2.10.0 --variant cuda-ubi9",),
    "lock": ("", "--check"),
    "review": ("", "v1.0 v1.1 --graph graph.json"),
    "bump": ("--dry-run", "-m 'Rebuild for Torch 2.10'"),
    "verify": ("wheels", "'wheels/torch-*.whl' --fail-on warning"),
    "audit": ("cuda-ubi9=wheels", "cuda-ubi9:cuda13.0=https://wheels.example/simple"),
    "which": ("wheels --python 3.12", "wheels more-wheels --together"),
    "torch": ("wheels", "https://wheels.example/simple --torch 2.13.0"),
    "prune": ("cuda-ubi9=wheels", "cuda-ubi9=wheels --delete"),
    "jobs": ("--graph graph.json", "-g cuda-ubi9=graph.json --index cpu-ubi9=wheels"),
    "merge": (
        "pool cpu=wheels cuda12.9=more-wheels",
        "pool cpu=wheels --variants --machine cuda13.1",
    ),
}


def example_lines(name: str) -> list[str]:
    """Return the examples of a command, as they are typed in a shell."""
    return [f"fromager-build-tags {name} {arguments}".rstrip() for arguments in EXAMPLES[name]]


def with_examples(name: str, command: click.Command) -> click.Command:
    """Return *command* with its examples at the end of the help."""
    changed = copy.copy(command)
    # click does not wrap the lines of a paragraph that starts with a backspace
    changed.epilog = "\n".join(["\b\nExamples:", *(f"  {line}" for line in example_lines(name))])
    return changed
