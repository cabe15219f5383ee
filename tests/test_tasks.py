"""The how-to pages: a new user does each task by copying the blocks of its page, from the top."""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pytest
from click.testing import CliRunner

from fromager_build_tags.commands import main

from .golden.scenes import PLAIN, graph_of, library, wheel
from .index.wheels import write_wheel
from .repositories import Checkout
from .task_pages import DOCS, Command, File, matches, steps
from .trees import write_tree

MOST_COMMANDS: Final = 5


@pytest.mark.parametrize(
    ("expected", "output", "is_equal"),
    [
        ("", "", True),
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a\n", "a\nb\n", False),
        ("a ... c\n", "a b c\n", True),
        ("a ... c\n", "a\n c\n", False),
        ("...\nc\n", "a\nb\nc\n", True),
        ("a\n...\n", "a\n", True),
        ("a\n...\n", "b\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_the_comparison_can_fail(expected: str, output: str, is_equal: bool) -> None:
    assert matches(expected, output) is is_equal


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a command printed, and its exit status."""

    status: int
    output: str


type Run = Callable[[str], Done]


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Return an empty folder, the current one of a user with the programs of this Python."""
    programs = pathlib.Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@example.org")
    home = tmp_path / "work"
    home.mkdir()
    monkeypatch.chdir(home)
    return home


VARIANT: Final = "overrides/variants/rocm.yaml"
SETTINGS: Final = """\
wheels:
  build_tag_hook: "fromager_build_tags.hooks:build_tag_hook"
changelog:
  rocm:
    - "2026-11-02: first build"
"""
#: The tree of the examples: the variant rocm, Torch, and two packages that are built against it.
TREE: Final = {
    "overrides/settings.yaml": SETTINGS,
    VARIANT: (
        'distro: el9.6\nrocm_version: "7.1"\ntorch_version: "2.9.1"\nindex: wheels-repo/downloads\n'
    ),
    "overrides/settings/torch.yaml": 'changelog:\n  "2.9.1":\n    - "2026-11-02: first build"\n',
    "overrides/settings/flash_attn.yaml": (
        'changelog:\n  "2.8.3":\n    - "2026-11-02: first build"\n'
    ),
    "overrides/settings/torchvision.yaml": (
        'changelog:\n  "0.24.1":\n    - "2026-11-02: first build"\n'
    ),
}
ROCM: Final = library(needs=["libamdhip64.so.7"])
BOTH: Final = library(needs=["libtorch.so", "libamdhip64.so.7"], imports=["_ZTIN3c105ErrorE"])
PLATFORM: Final = "cp312-cp312-linux_x86_64"


type Scene = Callable[[pathlib.Path, Run], None]


def examples(files: Mapping[str, str] | None = None) -> Scene:
    """Return a scene: the tree of the examples, and its lock, committed on the branch main."""

    def build(folder: pathlib.Path, run: Run) -> None:
        checkout = Checkout.create(folder, {**TREE, **(files or {})})
        run("fromager-build-tags lock")
        checkout.commit({".gitignore": "wheels-repo/\n"})

    return build


def with_wheels(scene: Scene, names: Mapping[str, Mapping[str, bytes]]) -> Scene:
    """Return a scene with wheels where fromager writes them."""

    def build(folder: pathlib.Path, run: Run) -> None:
        scene(folder, run)
        for name, content in names.items():
            wheel(folder / f"wheels-repo/downloads/{name}-{PLATFORM}.whl", content)

    return build


def new_rocm(folder: pathlib.Path, run: Run) -> None:
    """Commit a change of the variant on another branch."""
    examples()(folder, run)
    checkout = Checkout(folder)
    checkout.git("switch", "--quiet", "--create", "new-rocm")
    checkout.write({VARIANT: TREE[VARIANT].replace("7.1", "7.2")})
    run("fromager-build-tags lock")
    checkout.commit({})
    checkout.git("switch", "--quiet", "main")


OLD: Final = {
    "torch-2.9.1-2_el9.6_rocm7.1": ROCM,
    "torch-2.9.1-1_el9.6_rocm7.0": ROCM,
    "flash_attn-2.8.3-2_el9.6_rocm7.1_torch2.9.1": BOTH,
    "flash_attn-2.8.3-1_el9.6_rocm7.0_torch2.9.1": BOTH,
    "torchvision-0.24.1-2_el9.6_rocm7.1_torch2.9.1": BOTH,
}
POOL: Final = {
    "setuptools-80.9.0-1_el9.6": PLAIN,
    "numpy-2.3.0-1_el9.6": PLAIN,
    "torch-2.9.1-2_el9.6_cpu": PLAIN,
    "flash_attn-2.8.3-2_el9.6_cpu_torch2.9.1": PLAIN,
}


def several_variants(folder: pathlib.Path, run: Run) -> None:
    """Write the tree of the examples for three variants, and the graph of their builds."""
    others = {
        "overrides/settings.yaml": SETTINGS + "  cpu: [first]\n  cuda: [first]\n",
        "overrides/variants/cpu.yaml": 'distro: el9.6\ntorch_version: "2.9.1"\n',
        "overrides/variants/cuda.yaml": (
            'distro: el9.6\ncuda_version: "13.0"\ntorch_version: "2.9.1"\n'
        ),
    }
    setuptools = {"build-system": ["setuptools==80.9.0"]}
    graph = graph_of(
        {
            "setuptools==80.9.0": {},
            "numpy==2.3.0": {},
            "torch==2.9.1": setuptools,
            "flash-attn==2.8.3": {"build-system": ["setuptools==80.9.0", "torch==2.9.1"]},
        }
    )
    write_tree(folder, {**TREE, **others, "graph.json": json.dumps(graph)})


def builds(folder: pathlib.Path, run: Run) -> None:
    """Write the wheels of two builders."""
    for stack, stems in {
        "cpu": ["torch-2.9.1-2_el9.6_cpu-py3-none-linux_x86_64"],
        "rocm": [
            "torch-2.9.1-2_el9.6_rocm7.1-py3-none-linux_x86_64",
            "flash_attn-2.8.3-2_el9.6_rocm7.1_torch2.9.1-py3-none-linux_x86_64",
        ],
    }.items():
        for stem in [*stems, "pure-1.0-1-py3-none-any"]:
            write_wheel(folder / "builds" / stack / f"{stem}.whl")


#: What each page starts with: the page of a task has to do with what a new user has.
SCENES: Final[Mapping[str, Scene]] = {
    "how-to/add-a-package.md": with_wheels(examples(), {"my_kernels-1.0-1": BOTH}),
    "how-to/move-torch.md": examples(),
    "how-to/build-once.md": with_wheels(several_variants, POOL),
    "how-to/review.md": new_rocm,
    "how-to/bump.md": examples(),
    "how-to/audit-an-index.md": with_wheels(examples(), OLD),
    "how-to/publish-one-pool.md": builds,
    "how-to/verify-wheels.md": with_wheels(examples(), {"my_kernels-1.0-1_el9.6": BOTH}),
    "how-to/suppress-a-finding.md": with_wheels(
        examples(), {"jit_kernels-1.0-2_el9.6_rocm7.1": PLAIN}
    ),
}
#: The commands that find something, and so exit with another status than 0.
STATUS: Final = {
    ("how-to/move-torch.md", 2): 1,
    ("how-to/suppress-a-finding.md", 2): 1,
    ("how-to/verify-wheels.md", 1): 1,
}


def in_process(line: str) -> Done:
    """Run a command; the program in this process, since the start of each takes a second."""
    program, *arguments = shlex.split(line)
    if program != "fromager-build-tags":
        return in_shell(line)
    result = CliRunner().invoke(main, arguments, prog_name=program)
    return Done(status=result.exit_code, output=result.output)


def in_shell(line: str) -> Done:
    """Run a command as the reader does."""
    done = subprocess.run(
        ["bash", "-c", line],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    return Done(status=done.returncode, output=done.stdout)


def follow(page: str, run: Run) -> None:
    """Do what a page shows, in the current folder."""
    commands = 0
    for step in steps(page):
        if isinstance(step, File):
            write_tree(pathlib.Path(), {step.path: step.text})
            continue
        commands += 1
        done = run(step.line)
        assert matches(step.output, done.output), f"$ {step.line}\n{done.output}"
        assert done.status == STATUS.get((page, commands), 0), f"$ {step.line}\n{done.output}"
    assert 0 < commands <= MOST_COMMANDS


@pytest.mark.parametrize("page", SCENES)
def test_each_task_is_done_by_its_page(page: str, folder: pathlib.Path) -> None:
    SCENES[page](folder, in_process)
    follow(page, in_process)


@pytest.mark.e2e
@pytest.mark.nightly
@pytest.mark.parametrize("page", SCENES)
def test_each_task_is_done_in_a_shell(page: str, folder: pathlib.Path) -> None:
    SCENES[page](folder, in_shell)
    follow(page, in_shell)


@pytest.mark.e2e
@pytest.mark.nightly
@pytest.mark.usefixtures("folder")
def test_the_first_wheel_is_built_by_the_quickstart() -> None:
    follow("quickstart.md", in_shell)


def test_every_page_with_commands_is_tested() -> None:
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    with_commands = {page for page in pages if any(isinstance(s, Command) for s in steps(page))}
    assert with_commands == {*SCENES, "quickstart.md", "how-to/build-against-torch.md"}
