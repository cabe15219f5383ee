"""Every command in every format, through the command line only.

A case has a file ``commands/COMMAND/NAME.txt``: for each command line its exit status, stdout
and stderr, then the files that the command writes. To write the files again, run

    UPDATE_GOLDENS=1 pytest tests/golden/test_commands.py

The entry point comes from the metadata of the distribution, so no case depends on the path of a
module.
"""

from __future__ import annotations

import contextlib
import difflib
import inspect
import os
import pathlib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Final

import click
import pytest
from click.testing import CliRunner
from stevedore.extension import ExtensionManager

from ..index.simple_server import serve
from . import scenes
from .scenes import Pages, Scene, committed, files, index, replaced, scene, tree

UPDATE: Final = "UPDATE_GOLDENS"
DISTRIBUTION: Final = "fromager-build-tags"
FOLDER: Final = pathlib.Path(__file__).parent / "commands"
COMMANDS: Final = (
    "show",
    "explain",
    "check",
    "lock",
    "review",
    "bump",
    "verify",
    "audit",
    "which",
    "torch",
    "prune",
    "jobs",
    "merge",
    "add",
    "init",
)


MAIN: Final = tree("main")
REFUSES_CONFLICTS: Final = (
    "conflict_resolver" in inspect.signature(ExtensionManager.__init__).parameters
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Command lines that run one after the other in one folder.

    Attributes:
        name: ``COMMAND/CASE``.
        lines: what follows the name of the program; ``{server}`` is the URL of the server.
        scene: writes the input.
        between: runs after the first command line.
        files: patterns of files whose content is part of the golden file.
        listed: folders whose file names are part of the golden file.
        environ: variables.
        every_override: use all overrides that the distribution has, not two of them.
        overrides: the override modules that each distribution of a user registers.
        needs_conflicts: two distributions register one package, which an old stevedore accepts.
        plugin: run the command of fromager's plugin, not the program.
        pages: what a server on loopback answers.
    """

    name: str
    lines: Sequence[str]
    scene: Scene = MAIN
    between: Scene = scenes.empty
    files: Sequence[str] = ()
    listed: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    every_override: bool = False
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    needs_conflicts: bool = False
    plugin: bool = False
    pages: Pages | None = None


def formats(command: str, line: str, names: str, setting: Scene, *, prefix: str = "") -> list[Case]:
    """Return a case for each format of a command line."""
    return [
        Case(name=f"{command}/{prefix}{name}", lines=[f"{line} --format {name}"], scene=setting)
        for name in names.split()
    ]


TAGS: Final = "table json csv markdown"
FINDINGS: Final = "table markdown json github gitlab sarif"
PLAN: Final = "table markdown json"

ROCM: Final = "--variant rocm"
SOME: Final = "torch flash-attn==2.8.3 by-version by-accelerator==1.0 pillow==12.2.0"

#: A tree of one variant, without a finding.
CLEAN: Final = tree("bump")
#: A graph of fromager.
GRAPH: Final = scenes.copied("main/graph.json", "graph.json")

HELP: Final = [
    Case(name="main/help", lines=["--help"], scene=scenes.empty),
    Case(name="main/version", lines=["--version"], scene=scenes.empty),
    Case(name="main/errors", lines=["", "nothing", "--nothing show"], scene=scenes.empty),
    Case(
        name="main/plugin",
        lines=["--help", "show --help", "nothing"],
        scene=scenes.empty,
        plugin=True,
    ),
    *(
        Case(name=f"{command}/help", lines=[f"{command} --help"], scene=scenes.empty)
        for command in COMMANDS
    ),
]

SHOW: Final = [
    *formats("show", f"{ROCM} show {SOME}", TAGS, MAIN),
    Case(name="show/variant", lines=[f"--variant {name} show" for name in ("cuda", "rocm")]),
    Case(
        name="show/every_package",
        lines=["--variant rocm show"],
        scene=CLEAN,
        every_override=True,
    ),
    Case(
        name="show/all_variants_table",
        lines=["show --all-variants torch by-torch==1.0 by-variant==1.0"],
    ),
    *(
        Case(
            name=f"show/all_variants_{name}",
            lines=[f"show --all-variants --format {name} torch==2.10.0 by-variant==1.0"],
        )
        for name in ("json", "csv", "markdown")
    ),
    Case(
        name="show/stacks",
        lines=["--variant cuda-ubi9 show torch==2.10.0 flash-attn by-torch by-accelerator"],
    ),
    Case(
        name="show/specifiers",
        lines=[
            f"{ROCM} show {each}"
            for each in (
                "by-version",
                "'by-version<0.29'",
                "'by-version~=0.28.0'",
                "'by-version>=0.29'",
                "'torch>=2.10'",
                "torch==2.10.0+rocm7.1",
                "'by-version>=5,<4'",
                "'not a requirement'",
            )
        ],
    ),
    Case(
        name="show/files",
        lines=[
            f"{ROCM} show -r requirements.txt",
            f"{ROCM} show --graph graph.json",
            f"{ROCM} show --build-order build-order.json",
            f"{ROCM} show by-torch -r requirements.txt --graph graph.json",
        ],
    ),
    Case(
        name="show/pre_built",
        lines=[f"{ROCM} show published torch", "--variant cuda show published"],
    ),
    Case(
        name="show/here",
        lines=["show torch==2.10.0 pillow", "show --here torch==2.10.0 pillow"],
    ),
    Case(
        name="show/variables",
        lines=[f"{ROCM} show flash-attn==2.8.3"],
        environ={"WHEEL_BUILD_TAG_TORCH_VERSION": "2.11.0", "WHEEL_BUILD_TAG_DISTRO": "el10.1"},
    ),
    Case(
        name="show/constraints",
        lines=[
            f"{ROCM} -c constraints.txt show --here flash-attn==2.8.3",
            "--variant cuda -c constraints.txt show --here flash-attn==2.8.3",
        ],
    ),
    Case(
        name="show/output",
        lines=[f"{ROCM} show torch --format csv -o tags.csv", f"{ROCM} show -o no/tags.csv torch"],
        files=["tags.csv"],
    ),
    Case(
        name="show/own_override",
        lines=[f"{ROCM} show own-segments==1.0 fails==1.0 short==1.0 flash-attn==2.8.3"],
        overrides={"user": scenes.OVERRIDES},
    ),
    Case(
        name="show/errors",
        lines=[
            "--variant tpu show torch==2.10.0",
            f"{ROCM} show -r none.txt",
            f"{ROCM} show --graph none.json",
            f"{ROCM} show --graph requirements.txt",
            f"{ROCM} show --format nothing",
            "--settings-file none.yaml show torch==2.10.0",
            "--settings-dir none show torch==2.10.0",
        ],
    ),
    Case(
        name="show/family",
        lines=[
            f"{ROCM} show jax-rocm10-plugin jax-rocm7-plugin",
            f"{ROCM} show jax-rocm10-plugin --format markdown",
            f"{ROCM} show jax-rocm10-plugin --format json",
        ],
        every_override=True,
    ),
    Case(
        name="explain/family",
        lines=[f"{ROCM} explain jax-rocm10-plugin==0.12.0"],
        every_override=True,
    ),
    Case(name="show/broken_tree", lines=["show --all-variants torch"], scene=tree("broken")),
    Case(name="show/unreadable", lines=[f"{ROCM} show torch"], scene=tree("unreadable")),
]

SOURCES: Final = [
    Case(name=f"explain/{name}", lines=[f"--variant {variant} explain {requirement}"])
    for name, variant, requirement in (
        ("shipped_override", "rocm", "flash-attn==2.8.3"),
        ("newest_version", "rocm", "torch"),
        ("local_version", "rocm", "torch==2.10.0+rocm7.1"),
        ("default", "rocm", "pillow==12.2.0"),
        ("pre_built", "rocm", "published==1.0"),
        ("by_version", "rocm", "by-version"),
        ("by_accelerator", "cuda", "by-accelerator==1.0"),
        ("by_torch", "rocm", "by-torch==1.0"),
        ("by_variant", "cpu", "by-variant==1.0"),
        ("variant_of_annotation", "cuda", "by-variant==1.0"),
        ("stacks", "cuda-ubi9", "flash-attn==2.8.3"),
    )
]
EXPLAIN: Final = [
    *SOURCES,
    Case(
        name="explain/own_override",
        lines=[f"{ROCM} explain {name}==1.0" for name in ("own-segments", "fails", "short")],
        overrides={"user": scenes.OVERRIDES},
    ),
    Case(
        name="explain/override_without_tag",
        lines=[f"{ROCM} explain flash-attn==2.8.3"],
        overrides={"user": scenes.OVERRIDES},
    ),
    Case(
        name="explain/variables",
        lines=[f"{ROCM} explain flash-attn==2.8.3"],
        environ={"WHEEL_BUILD_TAG_TORCH_VERSION": "2.11.0", "ROCM_VERSION": "7.1.1"},
    ),
    Case(
        name="explain/here",
        lines=["explain torch==2.10.0", "explain --here torch==2.10.0"],
        environ={"TORCH_VERSION": "2.10.0"},
    ),
    Case(
        name="explain/contradiction",
        lines=[f"{ROCM} explain --here flash-attn==2.8.3"],
        environ={"ROCM_VERSION": "6.4.1", "WHEEL_BUILD_TAG_DISTRO": "el9.6"},
    ),
    Case(
        name="explain/output",
        lines=[f"{ROCM} explain pillow==12.2.0 -o why.txt"],
        files=["why.txt"],
    ),
    Case(
        name="explain/errors",
        lines=[
            f"{ROCM} explain 'by-version>=5,<4'",
            f"{ROCM} explain",
            f"{ROCM} explain 'no requirement'",
            "--variant tpu explain torch==2.10.0",
        ],
    ),
]

CHECK: Final = [
    *formats("check", f"{ROCM} check", "table markdown json github gitlab", tree("slips")),
    *formats(
        "check",
        f"{ROCM} check",
        "sarif",
        scene(tree("slips"), files({"settings/packages/torch.yaml": None})),
    ),
    *formats("check", f"{ROCM} check", "table markdown github", tree("broken"), prefix="broken_"),
    Case(
        name="check/main",
        lines=[f"{ROCM} check", f"{ROCM} check --graph graph.json --format markdown"],
    ),
    *(
        Case(
            name=f"check/nothing_{name}",
            lines=[f"{ROCM} check --format {name}"],
            scene=CLEAN,
        )
        for name in FINDINGS.split()
    ),
    Case(
        name="check/fail_on",
        lines=[
            f"{ROCM} check --fail-on error",
            f"{ROCM} check --fail-on warning",
            f"{ROCM} check --fail-on note",
            f"{ROCM} check --fail-on note --exit-zero",
        ],
    ),
    Case(
        name="check/here",
        lines=["--variant rocm check --here", "--variant tpu check --here", "check --here"],
        environ={"ROCM_VERSION": "6.4.1"},
    ),
    Case(
        name="check/constraints",
        lines=[f"{ROCM} -c constraints.txt check", "--variant cuda -c constraints.txt check"],
    ),
    Case(name="check/overrides", lines=[f"{ROCM} check"], overrides={"user": scenes.OVERRIDES}),
    Case(
        name="check/override_does_not_load",
        lines=[f"{ROCM} check", f"{ROCM} show torch"],
        overrides={"user": {"torch": "raise ValueError('it does not load')\n"}},
    ),
    Case(
        name="check/overrides_of_two_distributions",
        lines=[f"{ROCM} check", f"{ROCM} show torch"],
        overrides={"user": {"short": ""}, "other": {"short": "", "Own_Name": ""}},
        needs_conflicts=True,
    ),
    Case(
        name="check/output",
        lines=[f"{ROCM} check --format json -o report.json"],
        scene=tree("slips"),
        files=["report.json"],
    ),
    Case(name="check/unreadable", lines=[f"{ROCM} check"], scene=tree("unreadable")),
    Case(
        name="check/errors",
        lines=["check --graph none.json", "--settings-file none.yaml check"],
        scene=tree("slips"),
    ),
]

LOCK_FILE: Final = "settings/build-tags.lock"
LOCK: Final = [
    Case(name="lock/write", lines=["lock", "lock --check", "lock"], files=[LOCK_FILE]),
    Case(
        name="lock/every_package",
        lines=["lock"],
        scene=CLEAN,
        every_override=True,
        files=[LOCK_FILE],
    ),
    Case(
        name="lock/graph",
        lines=[
            "lock --graph graph.json --graph build-order.json -o other.lock",
            "lock --check -o other.lock",
            "lock --check",
        ],
        files=["other.lock"],
        scene=scene(CLEAN, GRAPH, scenes.copied("main/build-order.json", "build-order.json")),
    ),
    Case(
        name="lock/stale",
        lines=["lock", "lock --check"],
        between=scene(
            replaced("settings/variants/rocm.yaml", "7.1", "7.2"),
            files({"settings/variants/cpu.yaml": None}),
        ),
    ),
    Case(
        name="lock/damaged",
        lines=["lock", "lock --check"],
        between=replaced(LOCK_FILE, "format 2", "format 9"),
    ),
    Case(
        name="lock/broken_tree",
        lines=["lock", "lock --check"],
        scene=tree("broken"),
        files=["settings/*.lock"],
    ),
    Case(
        name="lock/variables",
        lines=["lock"],
        scene=CLEAN,
        environ={"WHEEL_BUILD_TAG_TORCH_VERSION": "2.11.0"},
        files=[LOCK_FILE],
    ),
    Case(
        name="lock/errors",
        lines=[
            "lock -o none/tags.lock",
            "lock --graph none.json",
            "--settings-file none.yaml --settings-dir none lock",
        ],
    ),
]

CHANGE: Final = tree("change")
NEW_TORCH: Final = replaced("head/settings/variants/rocm.yaml", '"2.9.1"', '"2.10.0"')
SMALL_CHANGE: Final = scene(scenes.copied("bump", "base"), scenes.copied("bump", "head"), NEW_TORCH)
BUMP_HEAD: Final = replaced("settings/variants/rocm.yaml", '"2.9.1"', '"2.10.0"')
BUMP: Final = committed(CLEAN, BUMP_HEAD)


def locked_at(folder: str, torch: str, name: str = "build-tags.lock") -> Scene:
    """Write a lock of rocm for that Torch."""
    text = (
        "# build-tags.lock, format 1: the build tags that these settings give.\n"
        "# Made by `fromager-build-tags lock`: change the settings, not this file.\n\n"
        f"rocm: el9.6 rocm7.1 torch{torch}\n"
        "  * * 2_el9.6\n"
        f"  flash-attn 2.8.3 3_el9.6_rocm7.1_torch{torch}\n"
        f"  flash-attn * 2_el9.6_rocm7.1_torch{torch}\n"
    )
    return files({f"{folder}/{name}": text})


LOCKED: Final = scene(
    CHANGE, locked_at("base/settings", "2.9.1"), locked_at("head/settings", "2.10.0")
)

REVIEW: Final = [
    *formats("review", "review base head", "table markdown github", CHANGE),
    *formats("review", "review base head", "json gitlab sarif", SMALL_CHANGE),
    *formats("review", "review base base", FINDINGS, CHANGE, prefix="equal_"),
    Case(
        name="review/exit_status",
        lines=[
            "review base base --detailed-exitcode",
            "review base head --detailed-exitcode",
            "review base head --fail-on warning",
            "review base head --fail-on changes --exit-zero",
            "review base head --max-rebuilds 1 --exit-zero",
        ],
        scene=SMALL_CHANGE,
    ),
    Case(
        name="review/changes_only",
        lines=["review --detailed-exitcode", "review --fail-on changes", "review --max-rebuilds 0"],
        scene=committed(CLEAN, replaced("settings/variants/rocm.yaml", '"7.1"', '"7.2"')),
    ),
    Case(
        name="review/git",
        lines=["review", "review HEAD", "review main --exact", "review HEAD HEAD"],
        scene=BUMP,
    ),
    Case(
        name="review/locks",
        lines=["review base head", "review base head --no-lock --format github"],
        scene=LOCKED,
    ),
    Case(
        name="review/lock_option",
        lines=["review base head --lock settings/other.lock --format github"],
        scene=scene(
            CHANGE,
            *(
                locked_at(f"{side}/settings", torch, "other.lock")
                for side, torch in (("base", "2.9.1"), ("head", "2.10.0"))
            ),
        ),
    ),
    Case(
        name="review/lock_files",
        lines=[f"review base/{LOCK_FILE} head/{LOCK_FILE}", f"review base/{LOCK_FILE} head"],
        scene=LOCKED,
    ),
    Case(
        name="review/graph",
        lines=["review --graph graph.json"],
        scene=scene(BUMP, GRAPH),
    ),
    Case(
        name="review/index",
        lines=["review --index index", "review --index none", "review --index settings"],
        scene=scene(BUMP, index("index", scenes.INDEX)),
    ),
    Case(
        name="review/torch_move",
        lines=[f"review --index index --format {each}" for each in PLAN.split()],
        scene=scene(BUMP, scenes.for_torch_2_9),
    ),
    Case(
        name="review/output",
        lines=["review base head --format markdown -o report.md"],
        scene=SMALL_CHANGE,
        files=["report.md"],
    ),
    Case(
        name="review/errors",
        lines=[
            "review none head",
            "review base none",
            "review",
            "review base head --max-rebuilds -1",
            "review base head --format nothing",
        ],
        scene=CHANGE,
    ),
    Case(
        name="review/unknown_tag",
        lines=["review base head"],
        scene=scene(
            scenes.copied("bump", "base"),
            scenes.copied("bump", "head"),
            replaced("head/settings/variants/rocm.yaml", "distro: el9.6\n", ""),
        ),
    ),
    Case(
        name="review/without_number",
        lines=["review base head"],
        scene=scene(
            scenes.copied("bump", "base"),
            scenes.copied("bump", "head"),
            files(
                {
                    "head/settings/packages/flash_attn.yaml": "variants:\n"
                    "  rocm:\n    pre_built: true\n",
                    "head/settings/variants/cuda.yaml": 'distro: el9.6\ncuda_version: "13.0"\n',
                }
            ),
        ),
    ),
    Case(
        name="review/without_settings",
        lines=["review base head", "review head base"],
        scene=scene(scenes.copied("bump", "head"), files({"base/README.md": ""})),
    ),
    Case(
        name="review/broken_side",
        lines=["review base head"],
        scene=scene(CHANGE, files({"head/settings/variants/rocm.yaml": "distro: 9.6\n"})),
    ),
]

EDITED: Final = ["settings/settings.yaml", "settings/packages/*.yaml", LOCK_FILE]
BUMPS: Final = [
    Case(name="bump/dry_run", lines=["bump -n -m 'Torch 2.10.0'"], scene=BUMP, files=EDITED),
    Case(
        name="bump/packages",
        lines=["bump -m 'Torch 2.10.0'", "bump -m again", "review"],
        scene=BUMP,
        files=EDITED,
    ),
    Case(
        name="bump/global",
        lines=["bump --global -n -m 'Torch 2.10.0'", "bump --global -m 'Torch 2.10.0'", "review"],
        scene=BUMP,
        files=EDITED,
    ),
    Case(
        name="bump/graph",
        lines=["bump --graph graph.json -m 'Torch 2.10.0'"],
        scene=scene(BUMP, GRAPH),
        files=EDITED,
    ),
    Case(
        name="bump/index",
        lines=["bump --index index -m 'Torch 2.10.0'"],
        scene=scene(BUMP, index("index", [f"flash_attn-2.8.2-1_el9.6-{scenes.PLAT}"])),
        files=EDITED,
    ),
    Case(
        name="bump/lock",
        lines=["bump HEAD --exact -m 'Torch 2.10.0'", "lock --check"],
        scene=committed(scene(CLEAN, locked_at("settings", "2.9.1")), BUMP_HEAD),
        files=EDITED,
    ),
    Case(
        name="bump/lock_option",
        lines=["bump --lock settings/other.lock -m 'Torch 2.10.0'"],
        scene=committed(scene(CLEAN, locked_at("settings", "2.9.1", "other.lock")), BUMP_HEAD),
        files=["settings/*.lock"],
    ),
    Case(
        name="bump/quotes_and_comments",
        lines=["bump -m 'a \"quote\" and: a colon'"],
        scene=committed(
            scene(
                CLEAN,
                files(
                    {
                        "settings/packages/flash_attn.yaml": "changelog: {2.8.3: [first]}\n",
                        "settings/packages/kernels.yaml": "# top\r\nannotations:\r\n"
                        "  build-tags.depends-on: torch\r\nchangelog:\r\n"
                        "    '1.0':   # why\r\n    - 'first'\r\n    # last\r\n",
                    }
                ),
            ),
            BUMP_HEAD,
        ),
        files=EDITED,
    ),
    Case(
        name="bump/nothing",
        lines=["bump -m 'nothing to do'"],
        scene=committed(CLEAN, scenes.empty),
        files=EDITED,
    ),
    Case(
        name="bump/number_fell",
        lines=["bump -m x"],
        scene=committed(
            scene(
                CLEAN,
                replaced("settings/settings.yaml", "  rocm:\n", "  rocm:\n    - earlier\n"),
            ),
            replaced("settings/settings.yaml", "    - earlier\n", ""),
        ),
        files=EDITED,
    ),
    Case(
        name="bump/broken_side",
        lines=["bump -m x"],
        scene=committed(CLEAN, files({"settings/variants/rocm.yaml": "distro: 9.6\n"})),
    ),
    Case(name="bump/errors", lines=["bump", "bump none -m x"], scene=BUMP),
    Case(name="bump/no_repository", lines=["bump -m x"], scene=CLEAN),
]

FEW_WHEELS: Final = scene(MAIN, scenes.few_wheels)
GOOD: Final = f"dist/good-1.0-8_el9.6-{scenes.PLAT}"
BAD: Final = f"dist/no_accelerator-1.0-8_el9.6_cuda13.0-{scenes.PLAT}"
VERIFY: Final = [
    *formats("verify", "--variant cuda verify dist", "table markdown json github", FEW_WHEELS),
    *formats("verify", "--variant cuda verify 'dist/[bsu]*'", "gitlab", FEW_WHEELS),
    *formats("verify", "--variant cuda verify 'dist/[su]*'", "sarif", FEW_WHEELS),
    *formats("verify", f"verify {GOOD}", FINDINGS, FEW_WHEELS, prefix="good_"),
    *formats(
        "verify",
        "verify dist",
        "table markdown",
        scene(MAIN, scenes.good_and_bad_wheels),
        prefix="every_rule_",
    ),
    Case(
        name="verify/fail_on",
        lines=[
            f"verify {BAD}",
            f"verify {BAD} --exit-zero",
            "verify 'dist/unknown*' --fail-on warning",
            "verify 'dist/unknown*' --fail-on note",
        ],
        scene=FEW_WHEELS,
    ),
    Case(
        name="verify/declared",
        lines=["--variant cpu verify dist/by_variant*", "--settings-dir none verify dist"],
        scene=FEW_WHEELS,
    ),
    Case(
        name="verify/url",
        lines=[
            "verify {server}/files/tagged-1.0-2_el9.6-py3-none-any.whl",
            "verify {server}/files/none-1.0-2-py3-none-any.whl",
        ],
        scene=scene(MAIN, index("index", scenes.FEW)),
        pages=scenes.simple_index,
    ),
    Case(
        name="verify/output",
        lines=[f"verify {BAD} --format github -o report.txt"],
        scene=FEW_WHEELS,
        files=["report.txt"],
    ),
    Case(
        name="verify/errors",
        lines=["verify", "verify none.whl", "verify settings", "verify 'none*'"],
        scene=FEW_WHEELS,
    ),
]

INDEX: Final = scene(MAIN, index("index", scenes.INDEX))
FEW: Final = scene(MAIN, index("index", scenes.FEW))
AUDIT: Final = [
    *formats("audit", f"{ROCM} audit index", f"{FINDINGS} html", FEW),
    *formats(
        "audit",
        f"{ROCM} audit index",
        "table markdown github html",
        scene(INDEX, scenes.odd_files("index")),
        prefix="every_rule_",
    ),
    Case(
        name="audit/nothing",
        lines=[f"{ROCM} audit index", f"{ROCM} audit index --format markdown"],
        scene=scene(MAIN, index("index", scenes.FEW[:2])),
    ),
    Case(
        name="audit/missing",
        lines=[
            f"{ROCM} audit index -r requirements.txt",
            f"{ROCM} audit index --graph graph.json --build-order build-order.json",
            f"{ROCM} lock",
            f"{ROCM} audit index --lock {LOCK_FILE}",
        ],
        scene=FEW,
    ),
    Case(
        name="audit/variants",
        lines=["audit rocm=index cuda=other", "audit rocm=index cuda=other --format markdown"],
        scene=scene(FEW, index("other", scenes.FEW[:2])),
    ),
    Case(
        name="audit/no_number",
        lines=["--variant cuda audit index"],
        scene=scene(tree("broken"), index("index", scenes.FEW)),
    ),
    Case(
        name="audit/different_content",
        lines=["audit rocm=index rocm=other"],
        scene=scene(FEW, scenes.other_content("other", scenes.FEW[3:])),
    ),
    Case(
        name="audit/deep",
        lines=[f"{ROCM} audit index --deep"],
        scene=scene(FEW, scenes.odd_files("index")),
    ),
    Case(
        name="audit/targets",
        lines=[
            f"{ROCM} audit index --python 3.13",
            f"{ROCM} audit index --python 3.12 --platform manylinux_2_34_x86_64",
            f"{ROCM} audit index --platform linux_x86_64",
            f"{ROCM} audit index --python 4",
        ],
        scene=scene(FEW, index("index", scenes.INDEX[-9:-7])),
    ),
    Case(
        name="audit/undeclared",
        lines=["audit index", "audit index --here"],
        scene=FEW,
    ),
    Case(
        name="audit/fail_on",
        lines=[
            f"{ROCM} audit index --fail-on note",
            f"{ROCM} audit index --exit-zero --fail-on note",
        ],
        scene=FEW,
    ),
    Case(
        name="audit/url",
        lines=[f"{ROCM} audit {{server}}/simple", f"{ROCM} audit {{server}}/simple --deep"],
        scene=FEW,
        pages=scenes.simple_index,
    ),
    Case(
        name="audit/url_json",
        lines=[f"{ROCM} audit {{server}}/simple", f"{ROCM} audit {{server}}/none"],
        pages=scenes.json_pages,
    ),
    Case(
        name="audit/empty",
        lines=[f"{ROCM} audit empty", f"{ROCM} audit empty --format json"],
        scene=scene(MAIN, lambda root: (root / "empty").mkdir()),
    ),
    Case(
        name="audit/output",
        lines=[f"{ROCM} audit index --format gitlab -o report.json"],
        scene=FEW,
        files=["report.json"],
    ),
    Case(
        name="audit/errors",
        lines=[
            "audit",
            f"{ROCM} audit none",
            "audit tpu=index",
            "audit index index",
            f"{ROCM} audit index --lock none.lock",
            f"{ROCM} audit index -r none.txt",
        ],
        scene=FEW,
    ),
]

WINNERS: Final = [
    *formats("which", "which index", PLAN, scenes.choices),
    *formats("which", "which index --all-versions", PLAN, scenes.choices, prefix="all_versions_"),
    Case(
        name="which/targets",
        lines=[
            "which index --python 3.13",
            "which index --python 3.13t",
            "which index --python 3.12 --platform linux_x86_64",
            "which index --python 3.12 --platform manylinux_2_34_x86_64",
            "which index --python 3.12 --platform linux_aarch64",
        ],
        scene=scenes.choices,
    ),
    Case(
        name="which/several_indexes",
        lines=["which index other", "which rocm=index cuda=other"],
        scene=scene(scenes.choices, index("other", scenes.FEW)),
    ),
    Case(
        name="which/url",
        lines=["which {server}/simple", "which {server}/simple --format markdown"],
        scene=scenes.choices,
        pages=scenes.simple_index,
    ),
    Case(
        name="which/output",
        lines=["which index --format markdown -o which.md"],
        scene=scenes.choices,
        files=["which.md"],
    ),
    Case(
        name="which/errors",
        lines=[
            "which",
            "which none",
            "which index --python 3.9999999",
            "which index --platform linux_x86_64",
            "which index --python 3.12 --platform linux-x86_64",
            "which {server}/none",
        ],
        scene=scenes.choices,
        pages=scenes.simple_index,
    ),
]

SINCE: Final = " ".join(f"--torch {each}" for each in ("2.13.0", "2.14.1", "2.15"))
TORCH: Final = [
    *formats("torch", f"torch index {SINCE}", PLAN, scenes.torch_wheels),
    Case(
        name="torch/several_indexes",
        lines=[f"torch cuda=index rocm=other {SINCE}", "torch other"],
        scene=scene(scenes.torch_wheels, index("other", scenes.FEW)),
    ),
    Case(
        name="torch/url",
        lines=["torch {server}/simple --torch 2.13.0 -o torch.md --format markdown"],
        scene=scenes.torch_wheels,
        pages=scenes.simple_index,
        files=["torch.md"],
    ),
    Case(
        name="torch/errors",
        lines=[
            "torch",
            "torch none",
            "torch index --torch 2",
            "torch damaged",
        ],
        scene=scene(scenes.torch_wheels, scenes.odd_files("damaged")),
    ),
]

#: Each accelerator publishes to an index of its own.
OWN: Final = scene(
    *(
        replaced(
            f"settings/variants/{each}.yaml", "torch_version:", f"index: {each}\ntorch_version:"
        )
        for each in ("cpu", "cuda", "rocm")
    )
)
PRUNE: Final = [
    *formats("prune", f"{ROCM} prune index", PLAN, scene(INDEX, OWN)),
    *formats("prune", f"{ROCM} prune index --foreign", PLAN, FEW, prefix="foreign_"),
    Case(
        name="prune/delete",
        lines=[
            f"{ROCM} prune index",
            f"{ROCM} prune index --delete",
            f"{ROCM} prune index --delete --format json",
        ],
        scene=scene(INDEX, OWN),
        listed=["index"],
    ),
    Case(
        name="prune/delete_foreign",
        lines=[f"{ROCM} prune index --delete --foreign --format markdown"],
        scene=scene(INDEX, OWN),
        listed=["index"],
    ),
    Case(
        name="prune/damaged",
        lines=[f"{ROCM} prune index --delete"],
        scene=scene(MAIN, scenes.damaged_successor, scenes.odd_files("index"), OWN),
        listed=["index"],
    ),
    Case(
        name="prune/nothing",
        lines=[f"{ROCM} prune index --format {name}" for name in PLAN.split()],
        scene=scene(MAIN, index("index", scenes.FEW[:2])),
    ),
    Case(
        name="prune/variants",
        lines=["prune rocm=index cuda=other"],
        scene=scene(FEW, index("other", scenes.FEW)),
    ),
    Case(name="prune/undeclared", lines=["prune index", "prune index --here"], scene=FEW),
    Case(
        name="prune/url",
        lines=[
            f"{ROCM} prune {{server}}/simple",
            f"{ROCM} prune {{server}}/simple --delete",
        ],
        scene=scene(FEW, OWN),
        pages=scenes.simple_index,
    ),
    Case(
        name="prune/output",
        lines=[f"{ROCM} prune index --format json -o plan.json"],
        scene=FEW,
        files=["plan.json"],
    ),
    Case(
        name="prune/errors",
        lines=["prune", f"{ROCM} prune none", "prune tpu=index", "prune index index"],
        scene=FEW,
    ),
]

#: A pool of wheels of two stacks of one distribution.
POOL: Final = [
    f"backend-1.0-1-{scenes.PURE}",
    f"flash_attn-2.8.3-1_el9.6_rocm7.1_torch2.9.1-{scenes.PLAT}",
    f"numpy-2.3.0-1_el9.6-{scenes.PLAT}",
    f"numpy-2.3.0-2_el9.6-{scenes.PLAT}",
    f"torch-2.9.1-1_el9.6_cuda12.9-{scenes.PLAT}",
]
SEVERAL: Final = scene(
    scenes.several_stacks,
    index("pool", POOL),
    files({"one.json": '[{"dist": "NumPy", "version": "2.3.0"}]'}),
)
JOBS_FORMATS: Final = "table markdown json github gitlab"
JOBS: Final = [
    *formats("jobs", "jobs --graph graph.json", JOBS_FORMATS, SEVERAL),
    *formats("jobs", "jobs -g graph.json --index el9=pool", "table json", SEVERAL, prefix="index_"),
    *formats(
        "jobs", "jobs -g cuda=graph.json --each wheel", "github gitlab", SEVERAL, prefix="wheel_"
    ),
    Case(
        name="jobs/some_stacks",
        lines=[
            "--variant rocm jobs --graph graph.json",
            "jobs --graph rocm=one.json --graph cuda:torch2.10.0=graph.json",
            "jobs --graph one.json --index pool --python 3.13",
            "jobs --graph one.json --index {server}/simple",
        ],
        scene=scene(SEVERAL, index("index", POOL)),
        pages=scenes.simple_index,
    ),
    Case(
        name="jobs/nothing",
        lines=[
            f"jobs --graph rocm=one.json --index pool{option}"
            for option in ("", " --format github", " --format gitlab")
        ],
        scene=SEVERAL,
    ),
    Case(
        name="jobs/wrong_variant",
        lines=["jobs --graph one.json"],
        scene=scene(SEVERAL, files({"settings/variants/rocm.yaml": "distro: [el9.6]\n"})),
    ),
    Case(
        name="jobs/several_pythons",
        lines=["--variant rocm jobs --graph graph.json --index both"],
        scene=scene(
            MAIN,
            index(
                "both",
                [
                    f"torch-2.9.1-9_el9.6_rocm7.1-{scenes.PLAT}",
                    "torch-2.9.1-9_el9.6_rocm7.1-cp313-cp313-linux_x86_64.whl",
                ],
            ),
        ),
    ),
    Case(
        name="jobs/output",
        lines=["--variant rocm jobs -g graph.json -o jobs.txt"],
        files=["jobs.txt"],
    ),
    Case(
        name="jobs/errors",
        lines=[
            "jobs",
            "jobs --graph none.json",
            "jobs --graph rocm=",
            "jobs --graph requirements.txt",
            "jobs --graph tpu=graph.json",
            "jobs --graph cuda-ubi9:cuda11.8=graph.json",
            "jobs --graph rocm=graph.json --index none",
            "jobs --graph rocm=graph.json --python 3.12 --python 3.13",
        ],
    ),
]

VARIANTS: Final = "merge pool --variants"
MACHINES: Final = "--machine cuda13.1 --machine cuda12.8 --machine rocm7.1 --machine cpu"
FOUR: Final = "cpu=cpu cuda12.9=cuda12.9 cuda13.0=cuda13.0 rocm7.1=rocm7.1"
STACKS: Final = f"{VARIANTS} {FOUR} {MACHINES}"
MIXED: Final = f"{VARIANTS} {FOUR} fc43=fc43 gaudi=gaudi --allow-holes"
MERGE: Final = [
    *formats("merge", "merge pool cpu=cpu cuda12.9=cuda", PLAN, scenes.pooled_wheels),
    Case(
        name="merge/again",
        lines=[
            "merge pool cpu=cpu",
            "merge pool cuda12.9=cuda rocm7.1=rocm --dry-run",
            "merge pool cuda12.9=cuda rocm7.1=rocm",
        ],
        scene=scenes.pooled_wheels,
        files=[
            "pool/pool.json",
            "pool/cpu/simple/index.html",
            "pool/cpu/simple/same/index.html",
            "pool/cpu/simple/same/index.json",
            "pool/rocm7.1/simple/index.json",
        ],
    ),
    *formats(
        "merge", "merge pool cpu=cpu rocm7.1=other", PLAN, scenes.different_wheels, prefix="failed_"
    ),
    *formats("merge", STACKS, PLAN, scenes.stacks_of_wheels, prefix="variants_"),
    *formats("merge", MIXED, PLAN, scenes.mixed_stacks, prefix="variants_failed_"),
    Case(
        name="merge/variants_pages",
        lines=[f"{VARIANTS} cpu=cpu cuda12.9=cuda12.9", f"{VARIANTS} cuda13.0=cuda13.0"],
        scene=scenes.stacks_of_wheels,
        files=["pool/simple/torch/index.html", "pool/simple/torch/index.json"],
    ),
    Case(
        name="merge/output",
        lines=["merge pool cpu=cpu --format markdown -o plan.md"],
        scene=scenes.pooled_wheels,
        files=["plan.md"],
    ),
    Case(
        name="merge/errors",
        lines=[
            "merge",
            "merge pool",
            "merge pool cpu",
            "merge pool cpu=none",
            "merge pool files=cpu",
            "merge pool CPU=cpu",
            "merge pool cpu=http://index.example/simple",
            "merge cpu cpu=rocm",
            "merge cpu/pool cpu=cpu",
            "merge . cpu=cpu",
            "merge none/pool cpu=cpu",
            "merge pool cpu=empty",
            "merge pool cpu=cpu --machine cpu",
            "merge pool cpu=cpu --variants --machine gpu",
        ],
        scene=scenes.pooled_wheels,
    ),
]

PACKAGE_FILES: Final = ["settings/packages/*.yaml", "*.py", "modules/*"]
BARE: Final = files({"settings/settings.yaml": "changelog: {}\n", "settings/packages/a.yaml": ""})
NEW: Final = [
    Case(
        name="add/default",
        lines=["add demo-kernels", "add demo-kernels", "add demo-kernels --depends-on torch"],
        scene=BARE,
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/depends_on",
        lines=[
            "add first --depends-on torch",
            "add second --depends-on 'accelerator torch if version < 2 else none'",
            "add third --depends-on none",
            "add fourth --depends-on tourch",
            "add fifth --depends-on ''",
        ],
        scene=BARE,
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/from_index",
        lines=[
            "add --from-index index --dry-run",
            "add --from-index index --all --format table",
            "add --from-index index --format markdown",
            "add --from-index index --format json",
            "add --from-index none",
            "add demo --from-index index",
            "add demo --dry-run",
        ],
        scene=scenes.scene(BARE, scenes.compiled_index),
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/existing_file",
        lines=["add demo-kernels --depends-on torch"],
        scene=files(
            {
                "settings/packages/demo_kernels.yaml": "# why\nenv: {A: '1'}\n"
                "annotations:\n  'x': y\n"
            }
        ),
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/shipped_override",
        lines=[
            "add torch",
            "add flash-attn",
            "add flash-attn --module",
            "add flash-attn --depends-on none",
            "add torch --depends-on 'accelerator torch'",
        ],
        scene=BARE,
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/shipped_evidence",
        lines=["add xgboost", "add flash-attn-3", "add vllm", "add jax-rocm10-plugin"],
        scene=BARE,
        every_override=True,
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/from_wheel",
        lines=[
            *(
                f"add {name} --from-wheel dist/{name}-1.0-{scenes.PLAT}"
                for name in ("both", "hip", "cxx", "stable", "plain", "cut")
            ),
            f"add pure --from-wheel dist/pure-1.0-{scenes.PURE}",
            f"add other --from-wheel dist/both-1.0-{scenes.PLAT}",
            f"add none --from-wheel dist/none-1.0-{scenes.PLAT}",
        ],
        scene=scene(BARE, scenes.unnamed_wheels),
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/module_from_wheel",
        lines=[f"add both --module --from-wheel dist/both-1.0-{scenes.PLAT}"],
        scene=scene(BARE, scenes.unnamed_wheels),
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/module",
        lines=[
            "add demo-kernels --module",
            "add demo-kernels --module",
            "add demo-kernels --module --depends-on torch",
            "add third --module --depends-on none",
            "add second --module --directory modules --depends-on 'torch if version < 2 else none'",
        ],
        scene=scene(BARE, files({"modules/__init__.py": ""})),
        files=PACKAGE_FILES,
    ),
    Case(
        name="add/errors",
        lines=[
            "add",
            "add 'no name'",
            "add demo --depends-on torch --from-wheel demo-1.0-py3-none-any.whl",
            "add demo --directory settings",
            "add demo --module --directory none",
            "--settings-dir none new demo",
        ],
        scene=BARE,
        files=PACKAGE_FILES,
    ),
]

WRITTEN: Final = ["**/*.y*ml"]
DEFAULT_PLACES: Final = {"FROMAGER_SETTINGS_FILE": "", "FROMAGER_SETTINGS_DIR": ""}
INIT: Final = [
    Case(
        name="init/default",
        lines=["init", "check", "init"],
        scene=scenes.empty,
        environ=DEFAULT_PLACES,
        files=WRITTEN,
    ),
    Case(
        name="init/variants",
        lines=["init --variant cuda13.0-ubi9 --variant rocm7.1-el9.6 --variant spyre"],
        scene=scenes.empty,
        environ=DEFAULT_PLACES,
        files=WRITTEN,
    ),
    Case(
        name="init/github",
        lines=["init --ci github --pre-commit new"],
        scene=scenes.empty,
        environ=DEFAULT_PLACES,
        files=["new/.github/workflows/*", "new/.pre-commit-config.yaml"],
    ),
    Case(
        name="init/gitlab",
        lines=["init --ci gitlab", "init --ci gitlab"],
        scene=scenes.empty,
        environ=DEFAULT_PLACES,
        files=["*.yml", ".gitlab-ci.yml"],
    ),
    Case(
        name="init/errors",
        lines=[
            "init",
            "init --variant a/b",
            "init --variant a --variant a",
            "init a-file",
            "init new --ci travis",
        ],
        scene=files({"a-file": "", "overrides": ""}),
    ),
    Case(name="init/variables", lines=["init"], scene=scenes.empty),
]

CASES: Final = [
    *HELP,
    *SHOW,
    *EXPLAIN,
    *CHECK,
    *LOCK,
    *REVIEW,
    *BUMPS,
    *VERIFY,
    *AUDIT,
    *WINNERS,
    *TORCH,
    *PRUNE,
    *JOBS,
    *MERGE,
    *NEW,
    *INIT,
]


@pytest.fixture
def updates() -> bool:
    return bool(os.environ.get(UPDATE))


@pytest.fixture(autouse=True)
def pages_that_stay() -> None:
    """Use the real pages of the rules, in place of the fixture for the other golden files."""


@pytest.fixture(autouse=True)
def version_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the version of this distribution only."""
    real = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: "0.0.0" if name == DISTRIBUTION else real(name)
    )


@pytest.fixture(autouse=True)
def environment(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what output, caches and commits depend on."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "SOURCE_DATE_EPOCH": "1767225600",
        "FROMAGER_SETTINGS_FILE": "settings/settings.yaml",
        "FROMAGER_SETTINGS_DIR": "settings/packages",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        "GIT_CEILING_DIRECTORIES": str(tmp_path.parent),
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)


def documentation() -> str:
    """Return the address of the documentation, which the metadata of the distribution contains."""
    [url] = [
        each.partition(", ")[2]
        for each in metadata.metadata(DISTRIBUTION).get_all("Project-URL") or []
        if each.startswith("Documentation, ")
    ]
    return str(url)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_command(
    case: Case,
    tmp_path: pathlib.Path,
    os_release: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    updates: bool,
) -> None:
    if case.needs_conflicts and not REFUSES_CONFLICTS:
        pytest.skip("this stevedore takes the last of two plugins without an error")
    if not case.every_override:
        request.getfixturevalue("two_overrides")
    for distribution, modules in case.overrides.items():
        request.getfixturevalue("install")(distribution, modules)
    for name, value in case.environ.items():
        monkeypatch.setenv(name, value)
    case.scene(tmp_path)
    with server_of(case, tmp_path) as url:
        text = transcript(case, tmp_path, url)
    names = {
        url: "<server>",
        str(os_release): "<os-release>",
        tmp_path.as_uri(): "file://<tmp>",
        str(tmp_path): "<tmp>",
        documentation(): "<documentation>",
        "No such option: --nothing": "No such option '--nothing'.",  # an older click
    }
    made = normalised(text, names)
    path = golden_file(case)
    if updates:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    if made != expected:
        lines = difflib.unified_diff(
            expected.splitlines(), made.splitlines(), "expected", "made", lineterm=""
        )
        pytest.fail(f"{path.relative_to(FOLDER)} differs:\n" + "\n".join(lines), pytrace=False)


def test_each_golden_file_has_a_case(updates: bool) -> None:
    names = [golden_file(case) for case in CASES]
    assert len(set(names)) == len(names)
    stale = set(FOLDER.glob("*/*.txt")) - set(names)
    if updates:
        for path in stale:
            path.unlink()
    else:
        assert stale == set()


def test_each_command_and_each_format_has_a_case() -> None:
    made = program()
    assert isinstance(made, click.Group)
    with click.Context(made) as context:
        assert sorted(made.list_commands(context)) == sorted(COMMANDS)
        commands = {name: made.get_command(context, name) for name in COMMANDS}
    lines = [line for case in CASES for line in case.lines]
    for name, command in commands.items():
        assert command is not None
        for option in command.params:
            if "--format" in option.opts and isinstance(option.type, click.Choice):
                for choice in option.type.choices:
                    wanted = re.compile(rf"(^| ){name} .*--format {choice}\b")
                    assert any(map(wanted.search, lines)), f"{name} --format {choice}"


def golden_file(case: Case) -> pathlib.Path:
    return FOLDER / f"{case.name}.txt"


def program(*, plugin: bool = False) -> click.Command:
    """Return the command line that the metadata of the distribution names."""
    group, name = ("fromager.cli", "build-tags") if plugin else ("console_scripts", DISTRIBUTION)
    [entry_point] = metadata.entry_points(group=group, name=name)
    command = entry_point.load()
    assert isinstance(command, click.Command)
    return command


@contextlib.contextmanager
def server_of(case: Case, root: pathlib.Path) -> Iterator[str]:
    """Run the server of a case, if it has one."""
    if case.pages is None:
        yield "http://127.0.0.1:1"
        return
    with serve(case.pages(root)) as server:
        yield server.url


def transcript(case: Case, root: pathlib.Path, url: str) -> str:
    """Run the command lines, and return their results and the files."""
    parts = []
    name = "fromager build-tags" if case.plugin else DISTRIBUTION
    for number, line in enumerate(case.lines):
        result = CliRunner().invoke(
            program(plugin=case.plugin),
            shlex.split(line.replace("{server}", url)),
            prog_name=name,
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        parts.append(f"$ {name} {line}".rstrip() + f"\nexit {result.exit_code}\n")
        parts += [section("stdout", result.stdout), section("stderr", result.stderr)]
        if number == 0:
            case.between(root)
    for pattern in case.files:
        for path in sorted(root.glob(pattern)):
            text = path.read_bytes().decode().replace("\r", "\\r")
            parts.append(section(f"file {path.relative_to(root)}", text))
    for folder in case.listed:
        names = sorted(path.name for path in (root / folder).iterdir())
        parts.append(section(f"files in {folder}", "".join(f"{name}\n" for name in names)))
    return "".join(parts)


def section(title: str, text: str) -> str:
    if not text:
        return "" if title.startswith("std") else f"-- {title} (empty)\n"
    end = "" if text.endswith("\n") else "\n(no newline at the end)\n"
    return f"-- {title}\n{text}{end}"


def normalised(text: str, names: Mapping[str, str]) -> str:
    """Replace what depends on the machine, the run and the release."""
    for value, name in names.items():
        text = text.replace(value, name)
    # an older click names either option, whichever comes first in a set
    text = re.sub(r"(?m)^(Try 'fromager.*) -h' for help", r"\1 --help' for help", text)
    text = re.sub(r"\(/[^()\n]*/(\w+\.py)\)", r"(<path>/\1)", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "<commit>", text)
    return re.sub(rf"\b{DISTRIBUTION} \d+\.\d+[\w.+]*", f"{DISTRIBUTION} 0.0.0", text)
