"""BT1: settings on which each rule fires, and settings on which it must not fire."""

from __future__ import annotations

import json
import pathlib
import types
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from click.testing import CliRunner

from fromager_build_tags.checks import installed as installation
from fromager_build_tags.commands import main
from fromager_build_tags.findings import rules
from fromager_build_tags.findings.finding import Finding, Place, Severity
from fromager_build_tags.findings.rules import RULES
from fromager_build_tags.plan import scope
from fromager_build_tags.plan.plugins import PROJECT_OVERRIDES_GROUP
from fromager_build_tags.plan.scope import SHIPPED_GROUP

from ..conftest import Cli
from ..trees import (
    FLASH_FILE,
    GOOD,
    HOOK,
    ROCM,
    ROCM_FILE,
    SETTINGS,
    SETTINGS_FILE,
    TORCH,
    TORCH_FILE,
    write_tree,
)

DEMO = "settings/packages/demo.yaml"
CUDA = "settings/variants/cuda.yaml"
CPU_UBI9 = "settings/variants/cpu-ubi9.yaml"
MINE = "settings/variants/mine.yaml"
ON_ROCM = 'annotations: {build-tags.depends-on: "torch if accelerator == rocm else none"}\n'
OTHER = "settings/packages/other.yaml"
NO_TORCH = 'distro: el9.6\nrocm_version: "7.1"\n'
TORCH_MISSING = (
    "the Torch version of variant 'rocm' is unknown: set WHEEL_BUILD_TAG_TORCH_VERSION or "
    f"TORCH_VERSION, or torch_version in {ROCM_FILE}"
)
ALL_PASSED = "All checks passed: 1 variant, 1 stack, 1 package\n"
NUMBERED = 'changelog:\n  "1.0":\n    - first\n'

TWO_TORCHES = (
    "index: rocm\ndistro: el9.6\nstacks:\n"
    '  - {rocm_version: "7.1", torch_version: "2.9.1"}\n'
    '  - {rocm_version: "7.1", torch_version: "2.10.0"}\n'
)
TARGET = "env: {CXXFLAGS: -DTORCH_TARGET_VERSION=0x02%s000000000000}\n"

WITH_CPU = f"{SETTINGS}  cpu-ubi9: [a]\n"

#: Rule, the difference from the good tree, place, subject, message.
FIRES: list[tuple[str, Mapping[str, str | None], str, str, str]] = [
    (
        "BT101",
        {ROCM_FILE: None},
        f"{SETTINGS_FILE}:4",
        "rocm",
        "variant 'rocm' has no file",
    ),
    (
        "BT102",
        {DEMO: "variants:\n  rcom:\n    env: {}\n"},
        f"{DEMO}:2",
        "demo",
        "unknown variant 'rcom'; did you mean 'rocm'?",
    ),
    (
        "BT102",
        {DEMO: "variants:\n  gaudi:\n    env: {}\n"},
        f"{DEMO}:2",
        "demo",
        "unknown variant 'gaudi'",
    ),
    (
        "BT102",
        {SETTINGS_FILE: f"{SETTINGS}  rocmm:\n    - first\n"},
        f"{SETTINGS_FILE}:6",
        "rocmm",
        "unknown variant 'rocmm'; did you mean 'rocm'?",
    ),
    *(
        (
            "BT101",
            {
                SETTINGS_FILE: f"{WITH_CPU}  {variant}: [a]\n",
                CPU_UBI9: "distro: fc43\n",
            },
            f"{SETTINGS_FILE}:7",
            variant,
            f"variant {variant!r} has no file",
        )
        for variant in ("tpu-ubi9", "cpu-ubi10", "cpu-ubi9-dev", "cpu-ubi8", "rocm7.1", "rocm7.10")
    ),
    (
        "BT101",
        {
            SETTINGS_FILE: f"{SETTINGS}  cuda12.9-ubi9: [a]\n  cuda13.0-ubi9: [a]\n",
            "settings/variants/cuda12.9-ubi9.yaml": 'distro: el9.6\ncuda_version: "12.9"\n',
        },
        f"{SETTINGS_FILE}:7",
        "cuda13.0-ubi9",
        "variant 'cuda13.0-ubi9' has no file",
    ),
    *(
        (
            "BT102",
            {
                SETTINGS_FILE: f"{WITH_CPU}  {variant}: [a]\n",
                CPU_UBI9: "distro: fc43\n",
            },
            f"{SETTINGS_FILE}:7",
            variant,
            f"unknown variant {variant!r}; did you mean 'cpu-ubi9'?",
        )
        for variant in ("cpu-uib9", "CPU-ubi9", "cpuubi9", "cppu-ubi9")
    ),
    (
        "BT103",
        {CUDA: 'distro: el9.6\ncuda_version: "13.0"\ntorch_version: "2.9.1"\n'},
        CUDA,
        "cuda",
        "no changelog and no package names variant 'cuda'",
    ),
    (
        "BT104",
        {SETTINGS_FILE: HOOK},
        f"{TORCH_FILE}:1",
        "torch",
        "torch has no build number on rocm for versions without a changelog entry: fromager does "
        "not call the hook, and accepts any existing wheel",
    ),
    (
        "BT104",
        {SETTINGS_FILE: HOOK, TORCH_FILE: None, DEMO: ON_ROCM},
        DEMO,
        "demo",
        "demo has no build number on rocm for versions without a changelog entry: fromager does "
        "not call the hook, and accepts any existing wheel",
    ),
    (
        "BT104",
        {SETTINGS_FILE: HOOK, TORCH_FILE: None, ROCM_FILE: None, MINE: "", DEMO: ON_ROCM},
        DEMO,
        "demo",
        "demo has no build number on mine for versions without a changelog entry: fromager does "
        "not call the hook, and accepts any existing wheel",
    ),
    (
        "BT105",
        {
            TORCH_FILE: f"{TORCH}variants:\n  rocm:\n    pre_built: true\n",
            DEMO: "annotations:\n  build-tags.depends-on: torch\n",
        },
        f"{TORCH_FILE}:5",
        "torch",
        "torch is pre-built on rocm: only torch_version declares the Torch of 1 dependent package",
    ),
    (
        "BT106",
        {DEMO: "annotations:\n  build-tags.depend-on: torch\n"},
        f"{DEMO}:2",
        "demo",
        "unknown annotation 'build-tags.depend-on'; did you mean 'build-tags.depends-on'?",
    ),
    (
        "BT106",
        {DEMO: "annotations:\n  build-tags.owner-of-this-package: torch\n"},
        f"{DEMO}:2",
        "demo",
        "unknown annotation 'build-tags.owner-of-this-package'",
    ),
    (
        "BT106",
        {DEMO: "annotations:\n  build-tags.depends-on: tourch\n"},
        f"{DEMO}:2",
        "demo",
        "unknown dependency 'tourch' in 'tourch'; did you mean 'torch'?",
    ),
    (
        "BT106",
        {DEMO: "variants:\n  rocm:\n    annotations:\n      build-tags.depends-on: ''\n"},
        f"{DEMO}:4",
        "demo",
        "'' has to name dependencies, or 'none' alone",
    ),
    *(
        (
            "BT106",
            {DEMO: f"annotations:\n  {key}: torch\n"},
            f"{DEMO}:2",
            "demo",
            f"unknown annotation {key!r}; did you mean 'build-tags.depends-on'?",
        )
        for key in (
            "Build-Tags.depends-on",
            "build_tags.depends_on",
            "build-tag.depends-on",
            "buildtags.depends-on",
            "biuld-tags.depends-on",
            "build-tags/depends-on",
        )
    ),
    (
        "BT107",
        {TORCH_FILE: f"{TORCH}annotations:\n  build-tags.depends-on: accelerator\n"},
        f"{TORCH_FILE}:5",
        "torch",
        "'accelerator' repeats the shipped override",
    ),
    (
        "BT112",
        {
            ROCM_FILE: "stacks:\n"
            '  - {distro: el9.6, rocm_version: "7.1", torch_version: "2.9.0"}\n'
            '  - {distro: el9.6, rocm_version: "7.1.1", torch_version: "2.9.0"}\n'
        },
        f"{ROCM_FILE}:3",
        "rocm",
        f"this stack of rocm gives the same tags as the stack at {ROCM_FILE}:2",
    ),
    (
        "BT113",
        {SETTINGS_FILE: SETTINGS.removeprefix(HOOK)},
        SETTINGS_FILE,
        "wheels.build_tag_hook",
        "no hook is configured, so wheels get no suffix",
    ),
    (
        "BT113",
        {
            SETTINGS_FILE: SETTINGS.replace(
                "hooks:build_tag_hook", "hooks:run_wheel_build_tag_hooks"
            )
        },
        f"{SETTINGS_FILE}:2",
        "wheels.build_tag_hook",
        "another hook is configured, whose build tags are unknown: "
        "fromager_build_tags.hooks:run_wheel_build_tag_hooks",
    ),
    (
        "BT113",
        {SETTINGS_FILE: SETTINGS.replace("fromager_build_tags.hooks:build_tag_hook", "os:system")},
        f"{SETTINGS_FILE}:2",
        "wheels.build_tag_hook",
        "another hook is configured, whose build tags are unknown: os:system",
    ),
    (
        "BT114",
        {ROCM_FILE: ROCM.replace("distro: el9.6\n", "")},
        ROCM_FILE,
        "rocm",
        "variant 'rocm' does not declare its distribution",
    ),
    (
        "BT115",
        {ROCM_FILE: "distro: 9.6\n"},
        ROCM_FILE,
        "rocm",
        f"{ROCM_FILE}:1: distro: 9.6 is not a text: quote it",
    ),
    (
        "BT115",
        {ROCM_FILE: ROCM + "distro: el9.6\n"},
        ROCM_FILE,
        "rocm",
        f"{ROCM_FILE}:4 sets the key 'distro' again, after line 1",
    ),
    (
        "BT116",
        {DEMO: "annotations:\n  build-tags.ignore.BT104: ' '\n"},
        f"{DEMO}:2",
        "demo",
        "'build-tags.ignore.BT104' has no reason",
    ),
    (
        "BT116",
        {DEMO: "annotations:\n  build-tags.ignore.BT999: since\n"},
        f"{DEMO}:2",
        "demo",
        "'build-tags.ignore.BT999' names an unknown rule",
    ),
    (
        "BT116",
        {DEMO: "annotations:\n  build-tags.ignore.BT326: since\n"},
        f"{DEMO}:2",
        "demo",
        "'build-tags.ignore.BT326' names a retired rule",
    ),
    (
        "BT116",
        {DEMO: "variants:\n  rocm:\n    annotations:\n      build-tags.ignore.BT104: since\n"},
        f"{DEMO}:4",
        "demo",
        "'build-tags.ignore.BT104' is never read below a variant",
    ),
    (
        "BT117",
        {DEMO: "changelog:\n  '1.0': [a]\n  '1': [b]\n"},
        f"{DEMO}:3",
        "demo",
        "the changelog contains '1' and '1.0', which are the same version",
    ),
    (  # merged from elsewhere, so that it has no line of its own
        "BT117",
        {DEMO: "env: &x {}\nchangelog:\n  '1.0': [a]\n  <<: {'1': [b]}\n"},
        f"{DEMO}:3",
        "demo",
        "the changelog contains '1.0' and '1', which are the same version",
    ),
    (
        "BT123",
        {DEMO: "changelog:\n  '1.0+cu130': [a]\n"},
        f"{DEMO}:2",
        "demo",
        "the changelog entries of demo for '1.0+cu130' are never read: fromager looks up 1.0",
    ),
    (
        "BT123",
        {"settings/packages/demo.yml": NUMBERED},
        "settings/packages/demo.yml",
        "demo",
        "settings/packages/demo.yml is never read: its name does not end in .yaml",
    ),
    (
        "BT123",
        {"settings/variants/cuda.YAML": ROCM},
        "settings/variants/cuda.YAML",
        "cuda",
        "settings/variants/cuda.YAML is never read: its name does not end in .yaml",
    ),
    (
        "BT117",
        {DEMO: "changelog:\n  '1': [a]\n  '1': [b]\n"},
        DEMO,
        "demo",
        f"{DEMO}:3 sets the key '1' again, after line 2",
    ),
    (
        "BT119",
        {"settings/packages/De.Mo.yaml": NUMBERED, "settings/packages/de_mo.yaml": NUMBERED},
        "settings/packages/De.Mo.yaml",
        "de-mo",
        "de-mo has another settings file, settings/packages/de_mo.yaml: fromager uses only that "
        "one",
    ),
    (
        "BT118",
        {ROCM_FILE: NO_TORCH, FLASH_FILE: "{}\n"},
        ROCM_FILE,
        "flash-attn",
        f"the tag of flash-attn on rocm cannot be computed: {TORCH_MISSING}",
    ),
    (
        "BT118",
        {
            # its distribution is missing as well: BT114 reports it
            ROCM_FILE: NO_TORCH.removeprefix("distro: el9.6\n"),
            DEMO: f"{NUMBERED}annotations: {{build-tags.depends-on: torch}}\n",
            OTHER: "annotations: {build-tags.depends-on: torch}\n",
            "settings/packages/third.yaml": "annotations: {build-tags.depends-on: torch}\n",
        },
        ROCM_FILE,
        "rocm",
        f"the tags of 3 packages (demo, other, third) on rocm cannot be computed: {TORCH_MISSING}",
    ),
    (
        "BT125",
        {ROCM_FILE: TWO_TORCHES, DEMO: f"changelog: {{'1.0': [a]}}\n{TARGET % '0a'}"},
        f"{DEMO}:2",
        "demo",
        "wheels of demo for Torch 2.10.0 of rocm and for Torch 2.9.1 of rocm have one name in the "
        "index 'rocm', but the settings set TORCH_TARGET_VERSION to 2.10, which is above Torch "
        "2.9.1 of rocm",
    ),
]

#: Rule, and the difference from the good tree: nothing that the rule is about.
STAYS_QUIET: list[tuple[str, Mapping[str, str | None]]] = [
    ("BT101", {}),
    ("BT101", {ROCM_FILE: ""}),
    ("BT101", {ROCM_FILE: "not: right\n"}),
    ("BT102", {}),
    ("BT102", {DEMO: "variants:\n  rocm:\n    env: {}\n"}),
    ("BT102", {ROCM_FILE: None}),
    # a variant with a file that only one package names
    ("BT102", {DEMO: "variants:\n  cuda:\n    env: {}\n", CUDA: "distro: el9.6\n"}),
    ("BT103", {}),
    ("BT103", {DEMO: "variants:\n  cuda:\n    env: {}\n", CUDA: "distro: el9.6\n"}),
    ("BT103", {SETTINGS_FILE: f"{SETTINGS}  cuda:\n    - first\n", CUDA: "distro: el9.6\n"}),
    ("BT104", {}),
    # its name contains no segment of the stack
    ("BT104", {SETTINGS_FILE: HOOK, TORCH_FILE: None, DEMO: "env: {}\n"}),
    (
        "BT104",
        {
            SETTINGS_FILE: HOOK,
            TORCH_FILE: None,
            ROCM_FILE: None,
            CUDA: "distro: el9.6\n",
            DEMO: ON_ROCM,
        },
    ),
    # a pre-built wheel keeps its name
    ("BT104", {SETTINGS_FILE: HOOK, TORCH_FILE: "variants: {rocm: {pre_built: true}}\n"}),
    # an unknown variant has no wheels
    ("BT104", {DEMO: "variants: {gaudi: {}}\n"}),
    ("BT105", {}),
    ("BT105", {TORCH_FILE: "variants: {rocm: {pre_built: true}}\n", DEMO: NUMBERED}),
    ("BT105", {DEMO: "annotations:\n  build-tags.depends-on: torch\n"}),
    ("BT106", {DEMO: "annotations:\n  downstream.depends-on: nonsense\n"}),
    ("BT106", {DEMO: "annotations:\n  build-flags.depends-on: nonsense\n"}),
    ("BT106", {DEMO: "annotations:\n  depends-on: nonsense\n"}),
    ("BT106", {DEMO: "annotations:\n  build-tags.depends-on: accelerator torch\n"}),
    ("BT106", {DEMO: "annotations:\n  build-tags.depends-on: torch if version < 2 else none\n"}),
    ("BT106", {DEMO: "annotations:\n  build-tags.ignore.BT104: since\n"}),
    ("BT107", {TORCH_FILE: f"{TORCH}annotations:\n  build-tags.depends-on: none\n"}),
    ("BT107", {TORCH_FILE: f"{TORCH}annotations:\n  build-tags.depends-on: tourch\n"}),
    ("BT107", {DEMO: "annotations:\n  build-tags.depends-on: accelerator\n"}),
    # an annotation for one variant is not redundant
    (
        "BT107",
        {TORCH_FILE: "variants: {rocm: {annotations: {build-tags.depends-on: accelerator}}}\n"},
    ),
    (
        "BT112",
        {
            ROCM_FILE: "stacks:\n"
            '  - {distro: el9.6, rocm_version: "7.1", torch_version: "2.9.0"}\n'
            '  - {distro: el9.6, rocm_version: "7.2", torch_version: "2.9.0"}\n'
        },
    ),
    # no package of these settings depends on the difference, but other packages do
    *(
        (
            "BT112",
            {
                TORCH_FILE: None,
                DEMO: "env: {}\n",
                ROCM_FILE: "stacks:\n"
                f'  - {{{distro}rocm_version: "7.1", torch_version: "2.9.0"}}\n'
                f'  - {{{distro}rocm_version: "7.2", torch_version: "2.9.0"}}\n',
            },
        )
        for distro in ("distro: el9.6, ", "")
    ),
    # there is no build number, hence no tag: BT104 reports it
    (
        "BT112",
        {
            TORCH_FILE: None,
            SETTINGS_FILE: HOOK,
            ROCM_FILE: 'stacks: [{distro: el9.6, rocm_version: "7.1"}, {distro: el9.6}]',
        },
    ),
    ("BT113", {}),
    ("BT114", {}),
    ("BT114", {ROCM_FILE: "not: right\n"}),
    ("BT114", {ROCM_FILE: None}),
    ("BT115", {}),
    ("BT115", {ROCM_FILE: ""}),
    ("BT115", {ROCM_FILE: None}),
    ("BT116", {DEMO: "annotations:\n  build-tags.ignore.BT104: since\n"}),
    ("BT117", {DEMO: "changelog:\n  '1': [a]\n  '2': [a]\n"}),
    ("BT117", {DEMO: "changelog:\n  '1': [a]\n  '1.post1': [a]\n  1!1: [a]\n"}),
    ("BT123", {DEMO: "changelog:\n  '1.0rc1': [a]\n  1.0.post1: [a]\n"}),
    ("BT123", {"settings/packages/README.md": "", "settings/variants/notes.txt": ""}),
    ("BT119", {"settings/packages/De.Mo.yaml": NUMBERED}),
    ("BT119", {"settings/packages/de_mo.yaml": NUMBERED, "settings/packages/demo.yaml": NUMBERED}),
    ("BT118", {}),
    # BT114, BT106, BT101 and BT102 report it
    ("BT118", {ROCM_FILE: ROCM.removeprefix("distro: el9.6\n")}),
    ("BT118", {DEMO: f"{NUMBERED}annotations: {{build-tags.depends-on: tourch}}\n"}),
    ("BT118", {ROCM_FILE: None}),
    ("BT118", {DEMO: "variants: {gaudi: {}}\n"}),
    # the hook is not called
    ("BT118", {ROCM_FILE: NO_TORCH, SETTINGS_FILE: HOOK}),
    ("BT125", {ROCM_FILE: TWO_TORCHES, DEMO: TARGET % "09"}),
    ("BT117", {DEMO: 'changelog:\n  "1.0":\n' + "    - x\n" * 10_001}),
]


def findings(cli: Cli, *args: str, fails: bool = False) -> list[dict[str, Any]]:
    result = cli(*args, "check", "--format", "json", status=1 if fails else 0)
    found: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    return found


def segment_texts(
    cli: Cli, files: Mapping[str, str | None], code: str
) -> list[tuple[str, str, str]]:
    """Return place, subject and message of each finding of a rule."""
    write_tree(pathlib.Path(), GOOD)
    write_tree(pathlib.Path(), files)
    report = json.loads(cli("check", "--exit-zero", "--format", "json").stdout)
    return [
        (
            ":".join(filter(None, [each["file"], str(each["line"] or "")])),
            each["subject"],
            each["message"],
        )
        for each in report["findings"]
        if each["code"] == code
    ]


@pytest.mark.parametrize(("code", "files", "place", "subject", "message"), FIRES)
def test_a_rule_fires(
    cli: Cli, code: str, files: Mapping[str, str | None], place: str, subject: str, message: str
) -> None:
    assert segment_texts(cli, files, code) == [(place, subject, message)]


@pytest.mark.parametrize(("code", "files"), STAYS_QUIET)
def test_a_rule_stays_quiet(cli: Cli, code: str, files: Mapping[str, str | None]) -> None:
    assert segment_texts(cli, files, code) == []


ON_CPU = "variants:\n  cpu:\n    env: {}\n"


@pytest.mark.parametrize("args", [["check"], ["--variant=cpu", "check", "--here"]])
@pytest.mark.parametrize("wrong", [False, True])
def test_the_default_variant_of_fromager_needs_no_entry(
    cli: Cli, tmp_path: pathlib.Path, args: list[str], *, wrong: bool
) -> None:
    """But where there is another variant for CPUs, it is probably that one."""
    write_tree(tmp_path, {SETTINGS_FILE: HOOK, DEMO: ON_CPU})
    if wrong:
        write_tree(
            tmp_path,
            {CPU_UBI9: "distro: el9.6\n", SETTINGS_FILE: f"{HOOK}changelog: {{cpu-ubi9: [a]}}\n"},
        )
    found = cli(*args, "--exit-zero", "--format=json").stdout
    assert ("BT102" in found) == wrong


def test_a_good_tree_has_no_findings(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, GOOD)
    assert cli("check").stdout == "All checks passed: 1 variant, 1 stack, 1 package\n"
    assert cli("check", "--fail-on=note").stdout == ALL_PASSED


ELSEWHERE = {"BT108", "BT109", "BT110", "BT111", "BT120", "BT121", "BT122", "BT124"}


def test_every_rule_has_cases_of_both_kinds() -> None:
    codes = {code for code in RULES if code.startswith("BT1")}
    assert {code for code, *_ in FIRES} == codes - ELSEWHERE
    assert {code for code, *_ in STAYS_QUIET} == codes - ELSEWHERE


# BT111: the constraints


@pytest.mark.parametrize(
    ("rocm", "pin", "expected"),
    [
        (ROCM, "torch==2.9.1", []),
        (ROCM, "torch==2.9.1+rocm7.1", []),
        (ROCM, "torch>=2.9", []),
        (ROCM.replace("2.9.1", "2.9"), "torch~=2.9.1", []),
        (
            ROCM,
            "torch>=2.10",
            [
                (
                    ROCM_FILE,
                    3,
                    "the constraint torch>=2.10 excludes every Torch of rocm: 2.9.1 "
                    f"({ROCM_FILE}:3) for el9.6 rocm7.1 torch2.9.1",
                )
            ],
        ),
        (
            ROCM,
            "torch===nightly",
            [
                (
                    ROCM_FILE,
                    3,
                    "the constraint torch===nightly excludes every Torch of rocm: 2.9.1 "
                    f"({ROCM_FILE}:3) for el9.6 rocm7.1 torch2.9.1",
                )
            ],
        ),
        (
            ROCM,
            "torch==2.9.1+cu128",
            [
                (
                    ROCM_FILE,
                    3,
                    "the constraint torch==2.9.1+cu128 excludes every Torch of rocm: 2.9.1 "
                    f"({ROCM_FILE}:3) for el9.6 rocm7.1 torch2.9.1",
                )
            ],
        ),
        (ROCM, "pillow==2.10", []),
        (ROCM + "torch_precision: minor\n", "torch==2.9.2", []),
        (ROCM.replace("torch_version", "# torch_version"), "torch==2.10.0", []),
        ("not: right\n", "torch==2.10.0", []),
        (
            ROCM,
            "torch==2.10.0",
            [
                (
                    ROCM_FILE,
                    3,
                    "the constraint torch==2.10.0 excludes every Torch of rocm: 2.9.1 "
                    f"({ROCM_FILE}:3) for el9.6 rocm7.1 torch2.9.1",
                )
            ],
        ),
        (
            "stacks:\n"
            '  - {distro: el9.6, rocm_version: "7.1", torch_version: "2.9.1"}\n'
            '  - {distro: el9.6, rocm_version: "7.1", torch_version: "2.10.0"}\n',
            "torch==2.10.0",
            [],
        ),
    ],
)
def test_a_constraint_contradicts_the_variant(
    cli: Cli, tmp_path: pathlib.Path, rocm: str, pin: str, expected: list[tuple[str, int, str]]
) -> None:
    write_tree(tmp_path, {**GOOD, ROCM_FILE: rocm, "constraints.txt": f"{pin}\n"})
    result = cli(
        "--variant=rocm", "-c", "constraints.txt", "check", "--exit-zero", "--format", "json"
    )
    found = json.loads(result.stdout)["findings"]
    assert [
        (each["file"], each["line"], each["message"]) for each in found if each["code"] == "BT111"
    ] == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:secret@wheels.test/whl/cu128/", ["+cu128 of rocm is for cuda12.8"]),
        ("https://wheels.test/whl/rocm6.4", ["+rocm6.4 of rocm is for rocm6.4"]),
        ("https://wheels.test/whl/cpu", ["+cpu of rocm is for cpu"]),
        ("https://wheels.test/whl/rocm7.1", []),
        ("https://wheels.test/simple", []),
    ],
)
def test_a_pre_built_torch_is_for_another_accelerator(
    cli: Cli, tmp_path: pathlib.Path, url: str, expected: list[str]
) -> None:
    settings = f"variants: {{rocm: {{pre_built: true, wheel_server_url: '{url}'}}}}\n"
    write_tree(tmp_path, {**GOOD, TORCH_FILE: settings})
    found = cli("check", "--exit-zero", "--format", "json")
    messages = [
        each["message"] for each in json.loads(found.stdout)["findings"] if each["code"] == "BT111"
    ]
    assert messages == [
        f"the pre-built torch {each}, yet its stacks are el9.6 rocm7.1 torch2.9.1"
        for each in expected
    ]


def test_a_pre_built_torch_of_a_graph_is_for_another_accelerator(
    cli: Cli, tmp_path: pathlib.Path
) -> None:
    order = json.dumps([{"dist": "torch", "version": "2.9.1+cu128"}])
    settings = "variants: {rocm: {pre_built: true}}\n"
    write_tree(tmp_path, {**GOOD, TORCH_FILE: settings, "o.json": order})
    found = cli("check", "-g", "o.json", "--exit-zero")
    assert "BT111" in found.stdout
    assert "+cu128 of rocm is for cuda12.8" in found.stdout


# BT118: tags that cannot be computed


@pytest.mark.parametrize(
    ("files", "severity"),
    [
        ({DEMO: "annotations: {build-tags.depends-on: torch}\n"}, "warning"),
        ({"settings/packages/flash_attn.yaml": "env: {}\n"}, "warning"),
    ],
)
def test_a_machine_may_detect_an_undeclared_fact(
    cli: Cli, tmp_path: pathlib.Path, files: Mapping[str, str], severity: str
) -> None:
    write_tree(tmp_path, {**GOOD, ROCM_FILE: NO_TORCH, **files})
    [finding] = findings(cli)
    assert (finding["code"], finding["severity"]) == ("BT118", severity)
    assert finding["remedy"] == "declare it, unless the build machine detects it"


def test_a_shipped_override_of_a_package_without_settings(cli: Cli, tmp_path: pathlib.Path) -> None:
    """Nobody may build the package: --all checks its tags, and finds a note."""
    write_tree(tmp_path, {**GOOD, ROCM_FILE: NO_TORCH})
    assert findings(cli) == []
    report = json.loads(cli("check", "--all", "--format", "json").stdout)
    [finding] = report["findings"]
    assert (finding["code"], finding["severity"], finding["subject"]) == (
        "BT118",
        "note",
        "flash-attn",
    )


@pytest.mark.parametrize(
    ("patterns", "codes"),
    [
        (["demo*"], []),
        (["demo*", "demo*_x"], []),
        (["demo*", "DEMO*"], ["BT108", "BT118"]),
        (["*"], ["BT118", "BT124"]),
    ],
)
def test_patterns_in_our_group(
    cli: Cli,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    patterns: list[str],
    codes: list[str],
) -> None:
    """Each is reported, and the annotation of another package is still checked."""
    value = "fromager_build_tags_overrides.torch"
    more = {each: (EntryPoint(each, value, SHIPPED_GROUP),) for each in patterns}
    shipped = {**scope.shipped_overrides(), **more}
    monkeypatch.setattr(scope, "shipped_overrides", lambda: shipped)
    demo = "annotations: {build-tags.depends-on: none}\n"
    write_tree(
        tmp_path,
        {**GOOD, "settings/packages/demo1.yaml": "{}\n", "settings/packages/demo2.yaml": demo},
    )
    found = findings(cli, fails=bool(codes))
    assert sorted(each["code"] for each in found) == codes
    if "BT108" in codes:
        [message] = [each["message"] for each in found if each["code"] == "BT118"]
        assert "demo1 matches several patterns" in message


def test_an_override_that_fails(
    cli: Cli, tmp_path: pathlib.Path, set_override: Callable[..., None]
) -> None:
    """One finding for all versions, and an error: builds fail."""

    def wheel_build_tag(*, ctx: object, req: object, version: object, wheel_tags: object) -> None:
        raise ValueError("no")

    set_override("torch", module(wheel_build_tag=wheel_build_tag))
    write_tree(tmp_path, {**GOOD, TORCH_FILE: f'{TORCH}  "2.10.0":\n    - first\n'})
    [finding] = findings(cli, fails=True)
    assert (finding["code"], finding["severity"], finding["subject"]) == (
        "BT118",
        "error",
        "torch",
    )
    assert finding["message"] == (
        "the tag of torch on rocm cannot be computed: the override acme failed because no"
    )
    assert (finding["file"], finding["line"]) == (TORCH_FILE, None)
    assert finding["remedy"] == ("builds of these wheels fail after compiling until this is fixed")
    lock = cli("lock").stderr
    assert "locked as ?: torch: the override acme failed because no" in lock


def test_an_override_that_returns_a_wrong_value_on_two_stacks(
    cli: Cli, tmp_path: pathlib.Path, set_override: Callable[..., None]
) -> None:
    def wheel_build_tag(*, ctx: object, req: object, version: object, wheel_tags: object) -> str:
        return "el9.6"

    set_override("torch", module(wheel_build_tag=wheel_build_tag))
    stacks = "".join(
        f'  - {{distro: el9.6, rocm_version: "{version}", torch_version: "2.9.1"}}\n'
        for version in ("7.1", "7.2")
    )
    write_tree(tmp_path, {**GOOD, ROCM_FILE: f"stacks:\n{stacks}"})
    [finding] = [each for each in findings(cli, fails=True) if each["code"] == "BT118"]
    assert finding["message"] == (
        "the tag of torch on rocm cannot be computed: the override acme returned a wrong value: "
        "'el9.6' is not a sequence of (order, text) pairs, such as [(4, 'abi3')]"
    )


def test_a_signature_has_its_own_rule(
    cli: Cli, tmp_path: pathlib.Path, set_override: Callable[..., None]
) -> None:
    set_override("torch", module(wheel_build_tag=without_tags))
    write_tree(tmp_path, GOOD)
    assert findings(cli) == []  # BT109 checks registered overrides


# BT108, BT109, BT110: the overrides that are installed


def entry_point(
    value: str, name: str = "torch", group: str = PROJECT_OVERRIDES_GROUP
) -> EntryPoint:
    return EntryPoint(name, value, group)


def by_name(*entry_points: EntryPoint) -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for each in entry_points:
        found.setdefault(each.name, []).append(each)
    return found


def test_two_registrations_of_one_package() -> None:
    registered = by_name(
        entry_point("b.flash_attn", "flash_attn"),
        entry_point("a.flash_attn", "flash_attn"),
        entry_point("a.torch"),
    )
    [finding] = installation.registrations(registered)
    assert finding == rules.OVERRIDE_REGISTERED_TWICE.finding(
        "flash_attn is registered by fromager.project_overrides: flash_attn = a.flash_attn (of no "
        "installed distribution) and fromager.project_overrides: flash_attn = b.flash_attn (of no "
        "installed distribution)",
        subject="flash-attn",
        remedy="uninstall one of the distributions, or remove its entry point",
    )


@pytest.mark.parametrize(
    "registered",
    [by_name(), by_name(entry_point("a")), by_name(entry_point("a"), entry_point("b", "b"))],
)
def test_one_registration_is_right(registered: Mapping[str, Sequence[EntryPoint]]) -> None:
    assert list(installation.registrations(registered)) == []


@pytest.mark.parametrize("name", ["flash-attn", "Flash_Attn", "flash.attn", "flash__attn"])
def test_a_name_that_is_never_looked_up(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    group = PROJECT_OVERRIDES_GROUP
    registered = {group: by_name(entry_point("plugins", name, group))}
    monkeypatch.setattr(scope, "registered", lambda group: registered.get(group, {}))
    assert [each for each in installation.check_overrides() if each.code == "BT124"] == [
        rules.OVERRIDE_NAME.finding(
            f"{group}: {name} = plugins (of no installed distribution) is never used: its "
            "name has to be flash_attn",
            subject="flash-attn",
            remedy="rename the entry point to flash_attn",
        )
    ]


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Finding]]:
    """Return a function that checks names in our group, whose modules are numbered."""

    def check(*names: str) -> list[Finding]:
        found = by_name(
            *(entry_point(f"m{number}", name, SHIPPED_GROUP) for number, name in enumerate(names))
        )
        monkeypatch.setattr(scope, "shipped_overrides", lambda: found)
        return list(installation.shipped_registrations())

    return check


def ours_as(name: str, number: int) -> str:
    return f"{SHIPPED_GROUP}: {name} = m{number} (of no installed distribution)"


@pytest.mark.parametrize(
    "names",
    [
        ["Flash-Attn", "torch"],
        ["jax_cuda*_plugin", "jax_cuda*_pjrt", "jax_cuda12_plugin"],
        ["cupy_cuda*", "cupy_cuda*x", "faiss_gpu_*", "faiss_gpu"],
    ],
)
def test_names_and_patterns_that_are_right(
    ours: Callable[..., list[Finding]], names: list[str]
) -> None:
    assert ours(*names) == []


@pytest.mark.parametrize("names", [("flash_attn", "flash_attn"), ("flash_attn", "Flash.Attn")])
def test_two_registrations_in_our_group(
    ours: Callable[..., list[Finding]], names: tuple[str, str]
) -> None:
    described = sorted([ours_as(names[0], 0), ours_as(names[1], 1)])
    assert ours(*names) == [
        rules.OVERRIDE_REGISTERED_TWICE.finding(
            f"flash-attn is registered by {' and '.join(described)}",
            subject="flash-attn",
            remedy="uninstall one of the distributions, or remove its entry point",
        )
    ]


@pytest.mark.parametrize(
    ("names", "example"),
    [
        (("jax_cuda*_plugin", "jax_cuda*_plugin"), "jax-cuda1-plugin"),
        (("jax_cuda*_plugin", "JAX-CUDA*-plugin"), "jax-cuda1-plugin"),
        (("faiss_gpu_*", "faiss_gpu_cu*"), "faiss-gpu-cu1"),
    ],
)
def test_two_patterns_of_one_family(
    ours: Callable[..., list[Finding]], names: tuple[str, str], example: str
) -> None:
    """No package in the settings has to match them."""
    described = sorted([ours_as(names[0], 0), ours_as(names[1], 1)])
    [finding] = ours(*names)
    assert finding == rules.OVERRIDE_REGISTERED_TWICE.finding(
        f"{' and '.join(described)} match the same packages, such as {example}",
        subject=finding.subject,
        remedy="uninstall one of the distributions, or make one of the patterns narrower",
    )
    assert finding.subject in names


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("*", "it matches every package"),
        ("a*b*", "it contains more than one *"),
        ("*_plugin", "it begins with *, and so matches packages of other families"),
    ],
)
def test_a_pattern_that_is_refused(
    ours: Callable[..., list[Finding]], name: str, problem: str
) -> None:
    assert ours(name, "jax_cuda*_plugin") == [
        rules.OVERRIDE_NAME.finding(
            f"{ours_as(name, 0)} is not a pattern of a family: {problem}",
            subject=name,
            remedy="rename the entry point, or uninstall its distribution: until then, builds of "
            "packages that no entry point names fail",
        )
    ]


def test_every_shipped_override_is_looked_up() -> None:
    assert scope.shipped_packages()
    assert scope.patterns()
    assert list(installation.shipped_registrations()) == []


def whole(*, ctx: object, req: object, version: object, wheel_tags: object) -> None: ...
def of_tags(*, wheel_tags: object) -> None: ...
def without_tags(*, ctx: object, req: object, version: object) -> None: ...
def with_more(
    *, ctx: object, req: object, version: object, wheel_tags: object, x: int = 1
) -> None: ...


class Nameless:
    def __call__(
        self, *, ctx: object, req: object, version: object, wheel_tags: object
    ) -> None: ...


SIGNATURES: list[tuple[object, Severity, str]] = [
    (
        without_tags,
        Severity.ERROR,
        "wheel_build_tag of x does not take wheel_tags, so it cannot recognize a purelib wheel; "
        "write def wheel_build_tag(*, ctx, req, version, wheel_tags)",
    ),
    ("text", Severity.ERROR, "wheel_build_tag of x is not a function: 'text'"),
    (None, Severity.ERROR, "wheel_build_tag of x is not a function: None"),
    (
        of_tags,
        Severity.WARNING,
        "wheel_build_tag of x does not accept ctx, req, version: fromager logs a warning at every "
        "call",
    ),
]


@pytest.mark.parametrize(("function", "severity", "message"), SIGNATURES)
def test_an_invalid_signature(function: object, severity: Severity, message: str) -> None:
    [finding] = installation.check_signature("demo", "x", function, Place())
    assert (finding.code, finding.subject) == ("BT109", "demo")
    assert (finding.severity, finding.message) == (severity, message)


def test_a_function_without_a_name() -> None:
    [finding] = installation.check_signature("demo", "x", Nameless(), Place())
    assert finding.message.startswith("wheel_build_tag of x has no __name__, which fromager logs: ")


@pytest.mark.parametrize("function", [whole, with_more])
def test_a_signature_that_is_right(function: object) -> None:
    assert list(installation.check_signature("demo", "x", function, Place())) == []


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, two_overrides: None) -> Callable[..., list[Finding]]:
    """Return a function that checks modules as if they were registered, by name."""

    def check(**modules: types.ModuleType) -> list[Finding]:
        monkeypatch.setattr(EntryPoint, "load", lambda self: modules[self.name])
        found = {name: [entry_point(module.__name__, name)] for name, module in modules.items()}
        groups: dict[str, dict[str, list[EntryPoint]]] = {
            PROJECT_OVERRIDES_GROUP: found,
            SHIPPED_GROUP: {},
        }
        monkeypatch.setattr(scope, "registered", groups.__getitem__)
        return list(installation.check_overrides())

    return check


def module(**members: object) -> types.ModuleType:
    made = types.ModuleType("acme")
    vars(made).update(members)
    return made


def test_an_override_of_a_known_package_without_a_tag(
    installed: Callable[..., list[Finding]],
) -> None:
    [finding] = installed(flash_attn=module())
    assert finding == rules.OVERRIDE_WITHOUT_TAG.finding(
        "fromager.project_overrides: flash_attn = acme (of no installed distribution) has no "
        "wheel_build_tag: the shipped override provides the build tag",
        subject="flash-attn",
        remedy="nothing to do; add a wheel_build_tag to replace the shipped override",
    )


def test_an_override_of_a_package_of_a_family_without_a_tag(
    installed: Callable[..., list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    family = entry_point("acme", "demo_cu*", SHIPPED_GROUP)
    monkeypatch.setattr(scope, "shipped_overrides", lambda: by_name(family))
    [finding] = installed(demo_cu12=module(), demo_cuda=module())
    assert (finding.code, finding.subject) == ("BT110", "demo-cu12")


def test_an_override_with_a_tag_or_of_an_unknown_package(
    installed: Callable[..., list[Finding]],
) -> None:
    assert installed() == []
    assert installed(torch=module(wheel_build_tag=whole), demo=module()) == []
    [finding] = installed(torch=module(wheel_build_tag=without_tags))
    assert finding.code == "BT109"


def test_what_is_installed_here_is_right() -> None:
    assert list(installation.check_overrides()) == []


# BT121, BT122: this machine


@pytest.fixture
def on_rocm(cli: Cli, tmp_path: pathlib.Path) -> Callable[..., list[tuple[str, str, str]]]:
    def check(rocm: str = ROCM, demo: str | None = None) -> list[tuple[str, str, str]]:
        files = {**GOOD, ROCM_FILE: rocm}
        write_tree(tmp_path, files if demo is None else {**files, DEMO: demo})
        result = cli("--variant=rocm", "check", "--here", "--exit-zero", "--format", "json")
        return [
            (each["code"], each["subject"], each["message"])
            for each in json.loads(result.stdout)["findings"]
            if each["code"] != "BT118"  # of what is declared, whatever the machine
        ]

    return check


type Here = Callable[..., list[tuple[str, str, str]]]


def test_this_machine_can_build(on_rocm: Here) -> None:
    assert on_rocm() == []


def test_this_machine_contradicts_the_file(
    on_rocm: Here, os_release: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROCM_VERSION", "7.2.0")
    os_release.write_text('ID="fedora"\nVERSION_ID="43"\n')
    assert on_rocm() == [
        (
            "BT121",
            "rocm",
            f"the distribution is el9.6 ({ROCM_FILE}:1), yet fc43 ({os_release}): correct one of "
            "them, or set WHEEL_BUILD_TAG_DISTRO; the ROCm version is 7.1 "
            f"({ROCM_FILE}:2), yet 7.2.0 (ROCM_VERSION): correct one of them, or set "
            "WHEEL_BUILD_TAG_ROCM_VERSION",
        )
    ]


def test_this_machine_lacks_what_a_package_needs(on_rocm: Here) -> None:
    found = on_rocm(
        'distro: el9.6\nrocm_version: "7.1"\n', "annotations:\n  build-tags.depends-on: torch\n"
    )
    assert found == [
        (
            "BT121",
            "rocm",
            "the Torch version of variant 'rocm' is unknown: set WHEEL_BUILD_TAG_TORCH_VERSION "
            f"or TORCH_VERSION, or torch_version in {ROCM_FILE} (needed by demo)",
        )
    ]


def test_an_invalid_mode_of_the_post_build_check(
    on_rocm: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_VERIFY", "eror")
    assert on_rocm() == [
        ("BT121", "rocm", "WHEEL_BUILD_TAG_VERIFY='eror' is not one of 'off', 'warn' or 'error'")
    ]


@pytest.mark.parametrize("variant", ["rcom", "rubin", "cpu"])
def test_the_selected_variant_is_unknown(cli: Cli, tmp_path: pathlib.Path, variant: str) -> None:
    write_tree(tmp_path, GOOD)
    for args in (["check"], ["check", "--here"], ["show"], ["explain", "torch"], ["lock"]):
        result = cli(f"--variant={variant}", *args, status=1)
        assert (result.stdout, result.stderr) == (
            "",
            f"Error: unknown variant {variant!r}: neither settings/settings.yaml nor a file in "
            "settings/variants declares it; use rocm\n",
        )


def test_a_fact_that_no_package_needs_may_be_missing(on_rocm: Here) -> None:
    assert on_rocm('distro: el9.6\nrocm_version: "7.1"\n') == []


def test_without_here_the_machine_does_not_matter(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROCM_VERSION", "7.2.0")
    write_tree(tmp_path, GOOD)
    assert (
        cli("--variant=rocm", "check").stdout
        == "All checks passed: 1 variant, 1 stack, 1 package\n"
    )


@pytest.mark.parametrize(
    ("version", "messages"),
    [
        ("0.98.5", ["fromager 0.98.5 does not support wheels.build_tag_hook"]),
        ("0.99.0", []),
        ("0.101.0", []),
        ("1.0", []),
    ],
)
def test_old_fromager(version: str, messages: list[str]) -> None:
    found = list(installation.check_fromager(version))
    assert [each.message for each in found] == messages
    assert {each.code for each in found} <= {"BT122"}


# suppressed findings

REASON = "annotations:\n  build-tags.ignore.BT102: built by hand\nvariants: {gaudi: {}}\n"


def test_a_suppressed_finding_is_shown_with_its_reason(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {**GOOD, DEMO: REASON})
    assert cli("check").stdout == (
        f"{DEMO}:3: suppressed BT102: unknown variant 'gaudi'\n"
        "    suppressed (built by hand)\n"
        "All checks passed: 2 variants, 2 stacks, 2 packages (1 suppressed)\n"
    )


def test_another_packages_reason_does_not_count(cli: Cli, tmp_path: pathlib.Path) -> None:
    files = {**GOOD, DEMO: "variants: {gaudi: {}}\n", "settings/packages/a.yaml": REASON}
    write_tree(tmp_path, files)
    report = json.loads(cli("check", "--exit-zero", "--format", "json").stdout)
    subjects = [each["subject"] for each in report["findings"] + report["ignored"]]
    assert subjects == ["demo", "a"]


def test_a_missing_reason_suppresses_nothing(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {**GOOD, DEMO: REASON.replace("built by hand", '""')})
    found = findings(cli, fails=True)
    assert [each["code"] for each in found] == ["BT102", "BT116"]


# exit status and input


@pytest.mark.parametrize(
    ("args", "files", "status"),
    [
        ([], {ROCM_FILE: None}, 0),
        (["--fail-on=warning"], {ROCM_FILE: None}, 1),
        (["--fail-on=warning", "--exit-zero"], {ROCM_FILE: None}, 0),
        ([], {SETTINGS_FILE: HOOK}, 1),
        (["--exit-zero"], {SETTINGS_FILE: HOOK}, 0),
        (["--fail-on=changes"], {}, 2),
    ],
)
def test_exit_status(
    cli: Cli, tmp_path: pathlib.Path, args: list[str], files: Mapping[str, str | None], status: int
) -> None:
    write_tree(tmp_path, {**GOOD})
    write_tree(tmp_path, files)
    cli("check", *args, status=status)


def test_no_settings_at_all(cli: Cli) -> None:
    assert cli("check", status=1).stderr == (
        "Error: there are no settings at settings/settings.yaml and settings/packages: run "
        "`fromager-build-tags init`, or name them with --settings-file and --settings-dir\n"
    )


def test_a_graph_names_the_packages_to_check(cli: Cli, tmp_path: pathlib.Path) -> None:
    order = [{"dist": "flash-attn", "version": "2.8.3"}]
    write_tree(tmp_path, {**GOOD, SETTINGS_FILE: HOOK, "order.json": json.dumps(order)})
    result = cli("check", "--graph", "order.json", "--format", "json", status=1)
    assert [
        each["message"].partition(":")[0]
        for each in json.loads(result.stdout)["findings"]
        if each["code"] == "BT104"
    ] == ["flash-attn has no build number on rocm for version 2.8.3"]


def test_the_shipped_settings_have_no_error() -> None:
    """Their lock has the tags of all shipped overrides: not those of ``two_overrides``."""
    root = pathlib.Path(__file__).parents[2]
    settings = ("--settings-file", str(root / "settings/settings.yaml"))
    packages = ("--settings-dir", str(root / "settings/packages"))
    result = CliRunner().invoke(main, [*settings, *packages, "check", "--format", "json"])
    report = json.loads(result.stdout)
    assert [each["code"] for each in report["findings"]] == [
        "BT114"
    ]  # cpu declares no distribution on purpose
