"""``audit``: every rule fires where it should, and nowhere else."""

from __future__ import annotations

import json
import os
import pathlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from click.testing import Result

from fromager_build_tags.findings import rules
from fromager_build_tags.findings.finding import Rule

from ..trees import HOOK
from ..wheel.craft import Shape, elf_without_sections
from ..wheel.device_samples import bundle, container, entry, library
from .simple_server import Answer, html_index, json_index, json_page, serve
from .wheels import write_wheel

PLAT = "-cp312-cp312-linux_x86_64"
PURE = "-py3-none-any"

#: What the settings give on rocm.
GOOD = (
    f"torch-2.10.0-7_el9.6_rocm7.1{PLAT}",
    f"flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0{PLAT}",
    f"pillow-12.2.0-2_el9.6{PLAT}",
    f"fromager-0.79.0-2{PURE}",
)

type Run = Callable[..., Result]


def fill(folder: pathlib.Path, stems: Iterable[str]) -> pathlib.Path:
    """Write empty files; a name is enough for an audit of names."""
    folder.mkdir(exist_ok=True)
    for stem in stems:
        name = stem if stem.endswith((".gz", ".asc", ".json", ".metadata")) else f"{stem}.whl"
        (folder / name).write_bytes(b"")
    return folder


def codes(run: Run, *args: str, status: int | None = None) -> list[str]:
    """Return the codes of what is found, sorted."""
    found = findings(run, *args)
    return sorted(each["code"] for each in found)


def findings(run: Run, *args: str) -> list[dict[str, Any]]:
    report = json.loads(run("audit", *args, "--format", "json", "--exit-zero").stdout)
    made: list[dict[str, Any]] = report["findings"]
    return made


LABELLED = f"torch-2.10.0-{{}}_el9.6_rocm7.1{PLAT}-rocm7.1"
#: (rule, wheels beside the good ones, wheels that are not there, all that is found)
FIRES = [
    (rules.STALE_WHEEL, ["pillow-11.0-1_el9.6" + PLAT], [], ["BT401"]),
    (rules.STALE_WHEEL, ["pillow-11.0-2_el9.4" + PLAT], [], ["BT401", "BT407"]),
    (rules.STALE_WHEEL, ["demo-1.0-1" + PURE], [], ["BT401"]),
    (rules.STALE_WHEEL, ["pillow-12.2.0-1_el9.6-cp311-cp311-linux_x86_64"], [], ["BT401"]),
    (rules.OBSOLETE_WHEEL, ["pillow-12.2.0-1_el9.6" + PLAT], [], ["BT404"]),
    (rules.OBSOLETE_WHEEL, ["pillow-12.2.0-2" + PLAT], [], ["BT404"]),
    # a wheel with another label, or without one, replaces none
    (rules.STALE_WHEEL, [f"torch-2.10.0-6_el9.6_rocm7.1{PLAT}-rocm7.1"], [], ["BT401"]),
    (rules.OBSOLETE_WHEEL, [*map(LABELLED.format, (6, 7))], [], ["BT404"]),
    (
        rules.SHADOWED_WHEEL,
        [LABELLED.format(7), LABELLED.format(8).replace("el9.6", "fc43")],
        [],
        ["BT402", "BT407", "BT412"],
    ),
    (
        rules.SHADOWED_WHEEL,
        ["flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.9.1" + PLAT],
        [],
        ["BT402", "BT404", "BT408", "BT409"],
    ),
    (
        rules.SHADOWED_WHEEL,
        ["pillow-12.2.0-1_el9.6-cp312-cp312-manylinux_2_28_x86_64"],
        [],
        ["BT402", "BT404"],
    ),
    (
        rules.MIXED_ACCELERATORS_IN_PROJECT,
        ["torch-2.10.0-7_el9.6_cuda13.0" + PLAT],
        [],
        ["BT404", "BT405", "BT406"],
    ),
    (rules.MIXED_ACCELERATORS, ["torch-2.9.1-8_el9.6_cuda13.0" + PLAT], [], ["BT401", "BT406"]),
    (rules.MIXED_DISTRIBUTIONS, ["demo-1.0-2_fc43" + PLAT], [], ["BT401", "BT407"]),
    (
        rules.MIXED_TORCH,
        [
            "flash_attn-2.8.2-2_el9.6_rocm7.1_torch2.9.1" + PLAT,
            "torch-2.9.1-8_el9.6_rocm7.1" + PLAT,
        ],
        [],
        ["BT401", "BT408"],
    ),
    (rules.ORPHAN_TORCH, [], ["torch"], ["BT409"]),
    (rules.UNTAGGED_PLATLIB, ["torch-2.9.1-8" + PLAT], [], ["BT410"]),
    (rules.UNTAGGED_PLATLIB, ["torch-2.9.1" + PLAT], [], ["BT410"]),
    (rules.UNTAGGED_PLATLIB, ["torch-2.9.1-8_el9.6" + PLAT], [], ["BT410"]),
    (rules.TAGGED_PURELIB, ["demo-1.0-2_el9.6" + PURE], [], ["BT411"]),
    (rules.FOREIGN_BUILD_NUMBER, ["pillow-12.1.0-3_el9.6" + PLAT], [], ["BT412"]),
    (rules.FOREIGN_BUILD_NUMBER, ["pillow-12.2.0-3_el9.6" + PLAT], [], ["BT402", "BT412"]),
    (rules.SDIST_ONLY, ["demo-1.0.tar.gz"], [], ["BT414"]),
    (rules.SDIST_ONLY, ["demo-1.0-2" + PURE, "demo-1.0+local.tar.gz"], [], ["BT414"]),
    (rules.INVALID_NAME, ["demo-1.0-1-cp312-cp312-linux_x86_64-CU12"], [], ["BT415"]),
    (rules.INVALID_NAME, ["demo-one" + PURE], [], ["BT415"]),
    (rules.INVALID_NAME, ["demo"], [], ["BT415"]),
    (rules.INVALID_NAME, ["pïllow-1.0-1" + PURE], [], ["BT415"]),
    (rules.INVALID_NAME, ["_demo-1.0-1" + PLAT], [], ["BT415"]),
    (rules.INVALID_NAME, ["demo_-1.0-1" + PLAT], [], ["BT415"]),
    (rules.EMPTY_INDEX, [], ["torch", "flash_attn", "pillow", "fromager"], ["BT416"]),
]


@pytest.mark.parametrize(("rule", "more", "less", "expected"), FIRES)
def test_a_rule_fires(
    rule: Rule,
    more: list[str],
    less: list[str],
    expected: list[str],
    run: Run,
    tmp_path: pathlib.Path,
) -> None:
    good = [stem for stem in GOOD if stem.partition("-")[0] not in less]
    fill(tmp_path / "index", [*good, *more])
    assert rule.code in expected
    assert codes(run, "index") == expected


#: Wheels beside the good ones without findings.
SILENT = [
    [],
    ["torch-2.9.1-8_el9.6_rocm7.1" + PLAT],
    ["torch-2.9.1-8_el9.6_rocm7.1-cp313-cp313-linux_x86_64"],
    ["pillow-12.2.0-2_el9.6-cp313-cp313-linux_x86_64"],
    ["pillow-12.2.0-2_el9.6-cp313-cp313t-manylinux_2_28_aarch64"],
    ["pillow-12.1.0-2_el9.6" + PLAT, "pillow-12.2.0.tar.gz"],
    ["torch-2.10.0+rocm7.1-7_el9.6_rocm7.1" + PLAT],
    ["demo-1.0-2" + PURE, "demo-1.0-2_el9.6" + PLAT],
    ["pillow-12.2.0-2_el9.6-cp312-cp312-linux_x86_64.whl.asc"],
    ["demo-1.0+local-2" + PURE, "demo-1.0.tar.gz"],
    [LABELLED.format(7)],
    [LABELLED.format(7), f"torch-2.10.0-9_el9.6_cuda13.0{PLAT}-cuda13.0"],  # another variant's
    ["pillow-12.2.0-variants.json", "pillow-12.2.0-2_el9.6-cp312-cp312-linux_x86_64.whl.metadata"],
]


@pytest.mark.parametrize("more", SILENT)
def test_no_rule_fires(more: list[str], run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", [*GOOD, *more])
    assert findings(run, "index") == []


def test_a_plain_wheel_is_for_machines_without_the_accelerator(
    run: Run, tmp_path: pathlib.Path
) -> None:
    good = [stem for stem in GOOD if not stem.startswith("torch-")]
    fill(tmp_path / "index", [*good, LABELLED.format(7), f"torch-2.10.0-9_el9.6_cpu{PLAT}"])
    assert findings(run, "index") == []
    fill(tmp_path / "index", [f"torch-2.9.1-9_el9.6_cpu{PLAT}"])  # beside no labelled wheel
    assert codes(run, "index") == ["BT412"]


def test_labels_are_counted(run: Run, tmp_path: pathlib.Path) -> None:
    fill(
        tmp_path / "index",
        [*GOOD, LABELLED.format(7), f"torch-2.10.0-9_el9.6_cuda13.0{PLAT}-cuda13.0"],
    )
    lines = run("audit", "index").stdout.splitlines()
    counts = "index for rocm: 4 projects, 6 wheels (labelled: 1 cuda13.0, 1 rocm7.1)"
    assert lines[-2] == counts
    assert f"{counts[17:]}\n" in run("audit", "index", "--format", "markdown").stdout
    report = json.loads(run("audit", "index", "--format", "json").stdout)
    assert report["indexes"][0]["labels"] == {"cuda13.0": 1, "rocm7.1": 1}


def test_a_pre_built_package_has_no_findings(
    run: Run, tree: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with (tree / "packages/torch.yaml").open("a") as file:
        file.write("variants: {rocm: {pre_built: true}}\n")
    fill(tmp_path / "index", [*GOOD[1:], "torch-2.10.0" + PLAT])
    assert findings(run, "index") == []


#: Pre-built wheels of Torch for CUDA 13.0, and the findings about them.
PRE_BUILT: list[tuple[list[str], list[str]]] = [
    (["torch-2.9.1+cu130" + PLAT], []),
    (["torch-2.9.1" + PLAT], []),
    (["torch-2.9.1+cu128" + PLAT], ["BT421"]),
    (["torch-2.9.1+cpu" + PLAT], ["BT421"]),
    (["torch-2.9.1+rocm6.4.1" + PLAT], ["BT421"]),
    (["torch-2.9.1-8_el9.6_cuda12.8" + PLAT], ["BT421"]),
    (["torch-2.9.1-8_el9.6_cuda13.0" + PLAT, "torch-2.9.0+cu130" + PLAT], []),
    (["torch-2.9.1+cu130" + PLAT, "torch-2.9.1+rocm6.4" + PLAT], ["BT405", "BT406", "BT421"]),
    (["torch-2.9.1+cu130" + PLAT, "torch-2.9.0+cu128" + PLAT], ["BT406", "BT421"]),
    (["torch-2.9.1+other.1" + PLAT], []),
]


@pytest.mark.parametrize(("wheels", "expected"), PRE_BUILT)
def test_local_versions_name_an_accelerator(
    wheels: list[str], expected: list[str], run: Run, tree: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (tree / "packages/torch.yaml").write_text("variants: {cuda: {pre_built: true}}\n")
    fill(tmp_path / "index", wheels)
    assert codes(run, "cuda=index") == expected


@pytest.mark.parametrize(
    ("version", "library", "expected"),
    [
        ("2.9.1+cu130", "libcudart.so.13", []),
        ("2.9.1+cu130", "libcudart.so.12", ["BT314"]),
        ("2.9.1+cu130", "libamdhip64.so.7", ["BT313"]),
        ("2.9.1+cu130", "libc.so.6", []),
        ("2.9.1", "libcudart.so.13", ["BT311"]),
    ],
)
def test_contents_of_a_pre_built_wheel(
    version: str,
    library: str,
    expected: list[str],
    run: Run,
    tree: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    (tree / "packages/torch.yaml").write_text("variants: {cuda: {pre_built: true}}\n")
    linked = elf_without_sections(Shape(), needed=[library], imports=[])
    write_wheel(tmp_path / f"index/torch-{version}{PLAT}.whl", {"x.so": linked})
    found = findings(run, "cuda=index", "--deep")
    # BT342: a file without section headers is read in part
    assert [each["code"] for each in found if each["code"] != "BT342"] == expected
    assert "depends-on" not in json.dumps(found)


def test_the_remedy_for_a_pre_built_wheel_works(
    run: Run, tree: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    linked = elf_without_sections(Shape(), needed=["libcudart.so.13"], imports=[])
    write_wheel(tmp_path / f"index/torch-2.9.1{PLAT}.whl", {"x.so": linked})
    (tree / "packages/torch.yaml").write_text(
        "variants: {cuda: {pre_built: true, annotations: {build-tags.verify: 'BT311: one CUDA'}}}\n"
    )
    assert codes(run, "cuda=index", "--deep") == ["BT342"]


@pytest.mark.parametrize("status", [403, 404, 405])
def test_required_projects_of_an_index_without_a_list(
    status: int, run: Run, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "required.txt").write_text("pillow\ntorch==2.10.0\nfromager>=1\n")
    answers: dict[str, Answer] = dict(html_index({"pillow": [f"{GOOD[2]}.whl"], "torch": []}))
    answers["/simple/"] = Answer(status=status)
    with serve(answers) as server:
        found = findings(run, f"{server.url}/simple", "-r", "required.txt")
        assert [(each["code"], each["subject"]) for each in found] == [
            ("BT403", "fromager"),
            ("BT403", "torch"),
        ]
        assert "BT420" in run("audit", f"{server.url}/simple", status=1).stdout
        server.answers["/simple/pillow/"] = Answer(status=500)
        broken = codes(run, f"{server.url}/simple", "-r", "required.txt")
        assert "BT417" in broken


ABI3 = "-cp39-abi3-linux_x86_64"
#: Wheels of one version, the findings, and a part of the remedy of BT402.
SHADOWED: list[tuple[list[str], list[str], str]] = [
    (
        ["12.2.0-1_el9.6" + PLAT, "12.2.0-2_el9.6" + ABI3],
        ["BT402", "BT404"],
        "delete pillow-12.2.0-1",
    ),
    (["12.2.0-2_el9.6" + PLAT, "12.2.0-1_el9.6" + ABI3], ["BT401"], ""),
    (["12.2.0-2_el9.6" + PLAT, "12.2.0-3_el9.6" + PLAT], ["BT402", "BT412"], "changelog entry"),
    (
        ["12.2.0-2_el9.6" + PLAT, "12.2+x-1_el9.6" + PLAT],
        ["BT401", "BT402"],
        "delete pillow-12.2+x",
    ),
    (["12.2.0-1_el9.6" + PLAT, "12.2-2_el9.6" + PLAT], ["BT404"], ""),
]


@pytest.mark.parametrize(("wheels", "expected", "remedy"), SHADOWED)
def test_the_remedy_of_a_shadowed_wheel_works(
    wheels: list[str], expected: list[str], remedy: str, run: Run, tmp_path: pathlib.Path
) -> None:
    folder = fill(tmp_path / "index", [*GOOD[:2], *(f"pillow-{each}" for each in wheels)])
    found = findings(run, "index")
    assert sorted(each["code"] for each in found) == expected
    shadowed = [each["remedy"] for each in found if each["code"] == "BT402"]
    assert [remedy in each for each in shadowed] == [True] * bool(remedy)
    if remedy.startswith("delete"):
        (folder / re.findall(r"pillow\S*?\.whl", shadowed[0])[0]).unlink()
        assert codes(run, "index") == []


def test_prune_lists_what_an_abi3_wheel_replaces(run: Run, tmp_path: pathlib.Path) -> None:
    old = f"pillow-12.2.0-1_el9.6{PLAT}.whl"
    for name in (old, f"pillow-12.2.0-2_el9.6{ABI3}.whl"):
        write_wheel(tmp_path / "index" / name)
    run("prune", "index", "--delete")
    assert [path.name for path in (tmp_path / "index").iterdir()] == [
        f"pillow-12.2.0-2_el9.6{ABI3}.whl"
    ]


#: Wheels, and the findings about them with settings that have no changelog.
UNNUMBERED = [
    (["torch-2.10.0-1" + PLAT], ["BT410"]),
    (["torch-2.10.0" + PLAT], ["BT410"]),
    (["torch-2.10.0-1_el9.6_rocm7.1" + PLAT], ["BT418"]),
    (["demo-1.0-3_el9.6" + PURE], ["BT411"]),
    (["demo-1.0-3" + PURE], ["BT418"]),
    (["demo-1.0-3" + PURE, "numpy-1.0-1" + PLAT, "torch-2.10.0" + PLAT], ["BT410", "BT418"]),
]


@pytest.mark.parametrize(("wheels", "expected"), UNNUMBERED)
def test_findings_without_a_changelog(
    wheels: list[str], expected: list[str], run: Run, tree: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (tree / "settings.yaml").write_text(HOOK)
    for file in (tree / "packages").iterdir():
        file.unlink()
    fill(tmp_path / "index", wheels)
    assert codes(run, "index") == expected


def test_the_messages_without_a_changelog(
    run: Run, tree: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (tree / "settings.yaml").write_text(HOOK)
    for file in (tree / "packages").iterdir():
        file.unlink()
    wheels = ["torch-2.9.1-1" + PLAT, "demo-1.0-3_el9.6" + PURE]
    wheels += [f"{name}-1-1{PLAT}" for name in ("one", "two", "three", "four")]
    fill(tmp_path / "index", wheels)
    assert run("audit", "index", status=1).stdout == (
        f"index/{wheels[0]}.whl: error BT410: {wheels[0]}.whl has build tag 1, but torch "
        "depends on the accelerator or Torch\n"
        "    rebuild torch==2.9.1 with wheels.build_tag_hook and a changelog entry\n"
        f"index/{wheels[1]}.whl: warning BT411: {wheels[1]}.whl has build tag 3_el9.6; the "
        "settings give a purelib wheel no suffix\n"
        "    rebuild demo==1.0: the hook gives a purelib wheel no suffix\n"
        "index: note BT418: no changelog entry for four, one, three and 1 more: the status of "
        "their wheels is unknown\n"
        "    add one to changelog.rocm of the settings, or to each package's file: without one, "
        "fromager assigns no build number\n"
        "index for rocm: 6 projects, 6 wheels\n"
        "1 error, 1 warning, 1 note\n"
    )
    kept = json.loads(run("prune", "index", "--format", "json").stdout)["indexes"][0]["keep"]
    assert {each["reason"] for each in kept} == {"kept: the settings give no build number"}


#: Wheels for two accelerators, and which installer selects which.
MIXED = [
    (
        ["torch-2.10.0-3_el9.6_cuda13.0-cp313-cp313-linux_x86_64", GOOD[0]],
        [],
        "torch 2.10.0 has wheels for cuda13.0, rocm7.1: {0} is selected by pip (cp313 on "
        "linux_x86_64), uv (cp313 on linux_x86_64); {1} is selected by pip (cp312 on "
        "linux_x86_64), uv (cp312 on linux_x86_64)",
    ),
    (
        ["torch-2.10.0-7_el9.6_cuda13.0" + PLAT, GOOD[0]],
        [],
        "torch 2.10.0 has wheels for cuda13.0, rocm7.1: {1} is selected by pip (cp312 on "
        "linux_x86_64), uv (cp312 on linux_x86_64)",
    ),
    (
        ["torch-2.10.0-7_el9.6_cuda13.0-cp312-cp312-manylinux_2_28_x86_64", GOOD[0]],
        [],
        "torch 2.10.0 has wheels for cuda13.0, rocm7.1: {0} is selected by uv (cp312 on "
        "linux_x86_64); {1} is selected by pip (cp312 on linux_x86_64)",
    ),
    (["torch-2.10.0-6_el9.6_cuda13.0" + PLAT, GOOD[0]], [], ""),
    (
        ["torch-2.10.0-3_el9.6_cuda13.0-cp313-cp313-linux_x86_64", GOOD[0]],
        ["--python", "3.12"],
        "",
    ),
]


@pytest.mark.parametrize(("wheels", "options", "expected"), MIXED)
def test_selected_accelerators(
    wheels: list[str], options: list[str], expected: str, run: Run, tmp_path: pathlib.Path
) -> None:
    fill(tmp_path / "index", wheels)
    found = [
        each["message"] for each in findings(run, "index", *options) if each["code"] == "BT405"
    ]
    text = expected.format(*(f"{stem}.whl" for stem in wheels))
    assert found == ([text] if text else [])


def test_the_messages(run: Run, tmp_path: pathlib.Path) -> None:
    stale = "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.9.1" + PLAT
    fill(tmp_path / "index", [*GOOD, stale, "x-1-2.whl.asc"])
    assert run("audit", "index", status=1).stdout == (
        f"index/{GOOD[1]}.whl: error BT402: {GOOD[1]}.whl is shadowed: "
        f"{stale}.whl is selected by pip (cp312 on linux_x86_64), uv (cp312 on linux_x86_64)\n"
        "    resolve the finding about the other wheel; add a changelog entry with "
        "each change of the stack: only a higher build number takes precedence\n"
        f"index: warning BT408: the index has wheels for torch2.10.0 (1, such as {GOOD[1]}.whl), "
        f"torch2.9.1 (1, such as {stale}.whl)\n"
        "    rebuild or prune the wheels of the older Torch, or keep one index for each Torch\n"
        f"index: warning BT409: 1 wheel is built for torch2.9.1, such as {stale}.whl, but the "
        "index has torch 2.10.0\n"
        "    add torch2.9.1 to the index, or rebuild the wheels for the Torch in it\n"
        f"index/{stale}.whl: note BT404: {stale}.whl is obsolete: replaced by {GOOD[1]}.whl\n"
        "    list or delete obsolete wheels with `fromager build-tags prune`\n"
        "index for rocm: 4 projects, 5 wheels, 1 other file skipped\n"
        "1 error, 2 warnings, 1 note\n"
    )


def test_what_is_left_of_an_older_accelerator_may_be_pruned(
    run: Run, tmp_path: pathlib.Path
) -> None:
    fill(tmp_path / "index", [*GOOD, f"torch-2.10.0-7_el9.6_rocm7.0{PLAT}"])
    remedies = {each["code"]: each["remedy"] for each in findings(run, "index")}
    assert remedies["BT405"] == (
        "keep one index for each accelerator, or prune the wheels of the older version of one: "
        "installers do not choose by accelerator"
    )
    assert remedies["BT406"] == (
        "keep one index for each accelerator, or rebuild or prune the wheels of the older one"
    )
    assert remedies["BT404"] == "list or delete obsolete wheels with `fromager build-tags prune`"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ([], 0),
        (["--fail-on", "warning"], 1),
        (["--fail-on", "note"], 1),
        (["--fail-on", "note", "--exit-zero"], 0),
    ],
)
def test_exit_status(options: list[str], status: int, run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", [*GOOD, "demo-1.0-2_el9.6" + PURE])
    run("audit", "index", *options, status=status)


@pytest.mark.parametrize("format_", ["table", "markdown", "json", "github", "gitlab", "sarif"])
def test_every_format(format_: str, run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", [*GOOD, "demo-1.0-2_el9.6" + PURE])
    run("audit", "index", "--format", format_, "-o", "out")
    text = (tmp_path / "out").read_text()
    assert "BT411" in text
    if format_ == "markdown":
        assert text.startswith(
            "**1 warning**\n\n- `index` for `rocm`: 5 projects, 5 wheels\n\n**warning BT411: "
        )
    if format_ == "json":
        assert json.loads(text)["indexes"] == [
            {
                "index": "index",
                "variant": "rocm",
                "stack": "",
                "projects": 5,
                "wheels": 5,
                "skipped": 0,
                "labels": {},
                "error": "",
            }
        ]


@pytest.mark.parametrize("format_", ["table", "markdown", "json", "github", "gitlab", "sarif"])
def test_what_is_not_known_is_in_every_format(
    format_: str, run: Run, tmp_path: pathlib.Path
) -> None:
    fill(tmp_path / "index", ["pillow-1-2_el9.6" + PLAT])
    arguments = ("nowhere", "coda=index", "cpu=index", "--format", format_, "--exit-zero")
    text = run("audit", *arguments, status=1).stdout
    assert "BT419" in text
    assert text.count("BT420") >= (1 if format_ == "markdown" else 2)
    assert "no findings" not in text
    plain = text.replace("\\", "").replace("`", "'")  # as in Markdown
    assert "does not exist: use a folder or an http(s) URL" in plain
    assert "declares it; use cpu, cuda, rocm" in plain.replace("u0027", "'")
    if format_ == "json":
        indexes = {each["variant"]: each["error"] for each in json.loads(text)["indexes"]}
        assert indexes == {
            "cpu": "",
            "rocm": "index 'nowhere' does not exist: use a folder or an http(s) URL",
            "coda": "unknown variant 'coda': neither the settings nor a file in settings/variants "
            "declares it; use cpu, cuda, rocm",
        }


def test_what_is_wanted_and_missing(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", [*GOOD, "demo-1.0.tar.gz"])
    order = [("torch", "2.10.0"), ("torch", "2.11.0"), ("zlib-ng", "1.0"), ("demo", "1.0")]
    (tmp_path / "order.json").write_text(
        json.dumps([{"dist": name, "version": version} for name, version in order])
    )
    (tmp_path / "r.txt").write_text("pillow\nnumpy>=2\n")
    found = findings(run, "index", "--build-order", "order.json", "-r", "r.txt")
    assert [each["message"] for each in found if each["code"] == "BT403"] == [
        "demo==1.0 is missing: no wheel",
        "numpy>=2 is missing: no wheel",
        "torch==2.11.0 is missing: no wheel",
        "zlib-ng==1.0 is missing: no wheel",
    ]
    assert {each["file"] for each in found if each["code"] in {"BT403", "BT414"}} == {"index"}


#: A line of a requirements file, the options, and the findings about the good wheels.
WANTED = [
    ("torch==2.10.0", [], []),
    ("torch===2.10.0", [], []),
    ("torch==2.10.0+rocm7.1", [], ["torch==2.10.0+rocm7.1 is missing: no wheel"]),
    ("torch==2.10.*", [], []),
    ("torch==2.11.*", [], ["torch==2.11.* is missing: no wheel"]),
    ("pillow>=12,<13", [], []),
    ("pillow>=12.3", [], ["pillow>=12.3 is missing: no wheel"]),
    ("pillow", ["--python", "3.12"], []),
    ("fromager", ["--python", "3.13"], []),
    (
        "torch==2.10.0",
        ["--python", "3.12", "--python", "3.13"],
        ["torch==2.10.0 is missing: no wheel for cp313 on linux_x86_64"],
    ),
    (
        "pillow>=12",
        ["--python", "3.12", "--platform", "linux_aarch64"],
        ["pillow>=12 is missing: no wheel for cp312 on linux_aarch64"],
    ),
    ("numpy", [], ["numpy is missing: no wheel"]),
    ("numpy\nnumpy==2", [], ["numpy==2 is missing: no wheel"]),
]


@pytest.mark.parametrize(("line", "options", "expected"), WANTED)
def test_the_version_of_a_requirement_has_to_be_there(
    line: str, options: list[str], expected: list[str], run: Run, tmp_path: pathlib.Path
) -> None:
    fill(tmp_path / "index", GOOD)
    (tmp_path / "r.txt").write_text(f"{line}\n")
    found = findings(run, "index", "-r", "r.txt", *options)
    assert [each["message"] for each in found if each["code"] == "BT403"] == expected


def test_a_local_version_is_what_its_public_one_asks_for(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", [*GOOD[1:], "torch-2.10.0+rocm7.1-7_el9.6_rocm7.1" + PLAT])
    (tmp_path / "r.txt").write_text("torch==2.10.0\n")
    (tmp_path / "order.json").write_text('[{"dist": "torch", "version": "2.10.0"}]')
    assert findings(run, "index", "-r", "r.txt", "--build-order", "order.json") == []


def test_a_missing_wheel_is_a_finding_for_each_index(run: Run, tmp_path: pathlib.Path) -> None:
    for name in ("one", "two"):
        fill(tmp_path / name, [*GOOD, "demo-1.0.tar.gz"])
    (tmp_path / "r.txt").write_text("torch\nnumpy\n")
    found = findings(run, "one", "two", "-r", "r.txt")
    assert [(each["code"], each["file"]) for each in found] == [
        ("BT403", "one"),
        ("BT403", "two"),
        ("BT414", "one"),
        ("BT414", "two"),
    ]


def test_of_a_page_that_cannot_be_read_nothing_is_missing(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "r.txt").write_text("torch\n")
    pages = html_index({"fromager": ["fromager-0.79.0-2-py3-none-any.whl"], "torch": []})
    pages["/simple/torch/"] = Answer(status=404)
    with serve(pages) as server:
        assert codes(run, f"{server.url}/simple", "-r", "r.txt") == ["BT417"]


def test_what_a_lock_names_has_to_be_there(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", GOOD)
    lock = tmp_path / "settings/build-tags.lock"
    found = findings(run, "index", "--lock", str(lock))
    assert [each["message"] for each in found if each["code"] == "BT403"] == [
        "torch==2.9.1 is missing: no wheel"
    ]
    lock.write_text("no lock")
    assert "is not a lock" in run("audit", "index", "--lock", str(lock), status=1).stderr


def test_a_rule_is_ignored_with_a_reason(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", [*GOOD, "demo-1.0-2_el9.6" + PURE, "a b-1-py3-none-any"])
    (tmp_path / "settings/packages/demo.yaml").write_text(
        'annotations: {build-tags.ignore.BT411: "tagged by hand"}\n'
    )
    report = json.loads(run("audit", "index", "--format", "json", "--exit-zero").stdout)
    assert [(each["code"], each["reason"]) for each in report["ignored"]] == [
        ("BT411", "tagged by hand")
    ]
    assert "BT411" not in [each["code"] for each in report["findings"]]


def test_several_indexes_each_for_its_variant(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "rocm", GOOD)
    cuda = ["torch-2.9.1-8_fc43_cuda13.0" + PLAT, "fromager-0.79.0-2" + PURE]
    fill(tmp_path / "cuda", cuda)
    assert findings(run, "rocm", "cuda=cuda") == []
    (tmp_path / "cuda/fromager-0.79.0-2-py3-none-any.whl").write_bytes(b"another")
    [found] = findings(run, "rocm", "cuda=cuda")
    assert found["code"] == "BT413"
    assert "in rocm/fromager-0.79.0-2-py3-none-any.whl" in found["message"]
    assert "in cuda/fromager-0.79.0-2-py3-none-any.whl" in found["message"]


def test_one_bad_index_never_hides_the_next(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", GOOD)
    result = run("audit", "nowhere", "settings/settings.yaml", "ftp://x/", "index", status=1)
    assert result.stderr == (
        "Error: index 'nowhere' does not exist: use a folder or an http(s) URL\n"
        "Error: index 'settings/settings.yaml' is a file: use a folder or an http(s) URL\n"
        "Error: unsupported index ftp:…: use a folder or an http(s) URL\n"
    )
    assert "index for rocm: 4 projects, 4 wheels\n" in result.stdout


def test_a_variant_that_nothing_names_is_refused(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", GOOD)
    for variant, hint in (("coda", "use cpu, cuda, rocm"), ("x", "use cpu, cuda, rocm")):
        for command in (["audit"], ["prune"]):
            error = run(*command, f"{variant}=index", status=1).stderr
            assert error == (
                f"Error: unknown variant {variant!r}: neither the settings nor a file in "
                f"settings/variants declares it; {hint}\n"
            )


def test_tags_that_cannot_be_computed(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index", ["torch-2.10.0-7_el9.6_cpu" + PLAT, "pillow-1-2_el9.6" + PLAT])
    result = run("audit", "cpu=index", status=1)
    assert result.stderr.startswith(
        "Error: build tags of 2 packages cannot be computed: the distribution of variant 'cpu' "
    )
    assert run("audit", "cpu=index", "--here").stderr == ""


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ("", {"BT402": "pip (cp312 on linux_x86_64), uv (cp312 on linux_x86_64)"}),
        (">=3.11", {"BT402": "pip (cp312 on linux_x86_64), uv (cp312 on linux_x86_64)"}),
        (">=3.13", {}),
        ("<3.12", {"BT402": "uv (cp312 on linux_x86_64)"}),
    ],
)
def test_a_wheel_that_its_requires_python_rules_out_shadows_none(
    requires: str, expected: dict[str, str], run: Run
) -> None:
    wanted, other = GOOD[1], "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.9.1" + PLAT
    files = [
        {"filename": f"{stem}.whl", "url": f"/files/{stem}.whl", "hashes": {}, **more}
        for stem, more in ((wanted, {}), (other, {"requires-python": requires}))
    ]
    pages = json_index({"flash-attn": []})
    pages["/simple/flash-attn/"] = json_page(
        {"meta": {"api-version": "1.1"}, "name": "flash-attn", "files": files, "versions": []}
    )
    with serve(pages) as server:
        found = findings(run, f"{server.url}/simple/")
    taken = {
        each["code"]: each["message"].rpartition("is selected by ")[2]
        for each in found
        if each["code"] == "BT402"
    }
    assert taken == expected


def test_targets_can_be_given(run: Run, tmp_path: pathlib.Path) -> None:
    many = "pillow-12.2.0-1_el9.6-cp312-cp312-manylinux_2_39_x86_64"
    fill(tmp_path / "index", [*GOOD, many])
    assert codes(run, "index") == ["BT402", "BT404"]
    older = ["--python", "3.12", "--platform", "manylinux_2_34_x86_64"]
    assert codes(run, "index", *older) == ["BT404"]
    for wrong in (["--python", "three"], ["--platform", "linux_x86_64"]):
        run("audit", "index", *wrong, status=2)


@pytest.mark.parametrize("layout", ["downloads", "prebuilt", "torch"])
def test_folders_below(layout: str, run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "repo").mkdir()
    fill(tmp_path / "repo" / layout, [*GOOD, "demo-1.0-2_el9.6" + PURE])
    if layout != "torch":
        fill(tmp_path / "repo" / "build", ["unfinished"])
    assert codes(run, "repo") == ["BT411"]


def test_hostile_names_do_no_harm(run: Run, tmp_path: pathlib.Path) -> None:
    names = ["<img src=x onerror=alert(1)>.whl", "a\x1b[31m\n.whl", "`x`|[y](z)-1.whl", "..-..whl"]
    folder = fill(tmp_path / "index", GOOD)
    for name in names:
        (folder / name).write_bytes(b"")
    (pathlib.Path(os.fsdecode(os.fsencode(folder) + b"/\xff.whl"))).write_bytes(b"")
    for format_ in ("table", "markdown", "json", "github"):
        text = run("audit", "index", "--format", format_).stdout
        assert text.count("BT415") >= 1
        assert "\x1b" not in text
    markdown = run("audit", "index", "--format", "markdown").stdout
    assert "<img" not in re.sub(r"(`+) ?[^`].*?\1", "", markdown)
    assert codes(run, "index") == ["BT415"] * 5


def test_a_url_gives_the_same_report_as_a_folder(run: Run, tmp_path: pathlib.Path) -> None:
    more = ["demo-1.0-2_el9.6" + PURE, "torch-2.10.0-7_el9.6_rocm7.0" + PLAT, "x-1.tar.gz"]
    folder = fill(tmp_path / "index", [*GOOD, *more, "x-1.whl.asc"])
    expected = _report(run("audit", "index", "--exit-zero").stdout, "index")
    projects: dict[str, list[str]] = {}
    for path in folder.iterdir():
        word = path.name.partition("-")[0].replace("_", "-")
        projects.setdefault(word, []).append(path.name)
    for pages in (html_index(projects), json_index(projects)):
        with serve(pages) as server:
            url = f"{server.url}/simple/"
            assert _report(run("audit", url, "--exit-zero").stdout, url) == expected


def _report(text: str, index: str) -> str:
    """Return a report without the place of the index."""
    places = re.compile(rf"^({re.escape(index)}|http://[\d.:]+/files)/?", re.MULTILINE)
    return places.sub("", text)


def test_a_page_that_cannot_be_read_is_a_finding(run: Run) -> None:
    pages = html_index({"fromager": ["fromager-0.79.0-2-py3-none-any.whl"], "torch": []})
    pages["/simple/torch/"] = Answer(status=404)
    with serve(pages) as server:
        [found] = findings(run, f"{server.url}/simple")
        assert found["file"] == f"{server.url}/simple/torch/"
    assert found["code"] == "BT417"
    assert found["message"] == ("files of torch cannot be read: status 404: not found")


def test_a_link_that_leads_to_no_file_is_a_finding(run: Run, tmp_path: pathlib.Path) -> None:
    folder = fill(tmp_path / "index", ["fromager-0.79.0-2" + PURE])
    for name in ("demo-1.0-2-py3-none-any.whl", "demo-1.1-2-py3-none-any.whl"):
        (folder / name).symlink_to(name)
    (folder / "demo-1.0-2-py3-none-any.whl.asc").symlink_to("nowhere")
    [found] = findings(run, "index")
    assert (found["code"], found["file"]) == ("BT417", "index/demo-1.0-2-py3-none-any.whl")
    assert found["message"] == (
        "files of demo cannot be read: the link has no target (and 1 other)"
    )
    assert found["remedy"] == "retry, check the server, or correct the link"
    for command in ("which", "prune"):
        assert run(command, "index", status=1).stderr == (
            "Error: index/demo-1.0-2-py3-none-any.whl cannot be read: the link has no target "
            "(and 1 other)\n"
        )


CXX = "_ZN3c108free_cpuEPv"


def test_deep_reads_inside(run: Run, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "index"
    tied = elf_without_sections(Shape(), needed=["libcudart.so.13", "libc10.so"], imports=[CXX])
    for stem in (*GOOD, "demo-1.0-2_el9.6" + PLAT):
        of_it = {"x.so": tied} if stem.startswith(("pillow", "demo")) else {}
        write_wheel(folder / f"{stem}.whl", of_it)
    (folder / "broken-1.0-2-py3-none-any.whl").write_bytes(b"PK")
    (tmp_path / "settings/packages/demo.yaml").write_text(
        "annotations: {'build-tags.verify': 'BT311: it loads CUDA if it is there'}\n"
    )
    (tmp_path / "settings/packages/torch.yaml").write_text(
        "variants: {rocm: {annotations: {'build-tags.verify': 'accelerator of ROCm'}}}\n"
        "changelog: {2.10.0: [a, b, c, d, e]}\n"
    )
    assert codes(run, "index") == []
    audited = json.loads(run("audit", "index", "--deep", "--format", "json", "--exit-zero").stdout)
    verified = json.loads(run("verify", "index", "--format", "json", "--exit-zero").stdout)
    for key in ("findings", "ignored"):
        assert audited[key] == verified[key]
    found = {(each["code"], each["file"]) for each in audited["findings"]}
    pillow, broken = f"index/{GOOD[2]}.whl", "index/broken-1.0-2-py3-none-any.whl"
    assert {("BT301", pillow), ("BT311", pillow), ("BT341", broken), ("BT106", "")} <= found
    assert [(each["code"], each["reason"]) for each in audited["ignored"]] == [
        ("BT311", "it loads CUDA if it is there")
    ]


def test_deep_compares_device_code_with_the_stack_of_each_variant(
    run: Run, tmp_path: pathlib.Path
) -> None:
    for variant, archs in (("rocm", "[gfx942, gfx950]"), ("cuda", "[sm_90]")):
        file = tmp_path / f"settings/variants/{variant}.yaml"
        file.write_text(f"{file.read_text()}gpu_archs: {archs}\n")
    rocm = {"x.so": library(".hip_fatbin", bundle("gfx942"))}
    cuda = {"x.so": library(".nv_fatbin", container(entry("sm_80")))}
    write_wheel(tmp_path / "rocm" / f"demo-1.0-2_el9.6_rocm7.1{PLAT}.whl", rocm)
    write_wheel(tmp_path / "cuda" / f"demo-1.0-2_fc43_cuda13.0{PLAT}.whl", cuda)
    found = findings(run, "rocm=rocm", "cuda=cuda", "--deep")
    assert sorted(each["message"] for each in found if each["code"] == "BT317") == [
        "x.so has no code for gfx950 of gpu_archs: it has gfx942",
        "x.so has no code for sm_90 of gpu_archs: it has sm_80",
    ]


def test_deep_asks_the_settings_of_each_variant(run: Run, tmp_path: pathlib.Path) -> None:
    """Exemptions of one variant do not apply to the wheels of another."""
    for folder, stack in (("rocm", "el9.6_rocm7.1"), ("cuda", "fc43_cuda13.0")):
        for n in range(100):
            write_wheel(tmp_path / folder / f"demo_{n:02}-1.0-2_{stack}{PLAT}.whl")
            (tmp_path / f"settings/packages/demo_{n:02}.yaml").write_text(
                "variants: {cuda: {annotations: {'build-tags.verify': 'accelerator: no'}},"
                " rocm: {annotations: {}}}\nannotations: {build-tags.depends-on: accelerator}\n"
            )
    report = run("audit", "rocm", "cuda=cuda", "--deep", "--format", "json", "--exit-zero").stdout
    made = json.loads(report)
    of_none = {
        key: [x for x in made[key] if x["code"] == "BT312"] for key in ("findings", "ignored")
    }
    assert {each["file"].partition("/")[0] for each in of_none["findings"]} == {"rocm"}
    assert {each["file"].partition("/")[0] for each in of_none["ignored"]} == {"cuda"}
    assert len(of_none["findings"]) == len(of_none["ignored"]) == 100


def test_deep_reads_behind_a_url(run: Run, tmp_path: pathlib.Path) -> None:
    """The server of the test knows no ranges: each wheel is one streamed download."""
    tied = elf_without_sections(Shape(), needed=["libcudart.so.13"], imports=[])
    name = f"pillow-12.2.0-2_el9.6{PLAT}.whl"
    write_wheel(tmp_path / name, {"x.so": tied})
    with serve({}) as server:
        for path, answer in html_index({"pillow": [name]}).items():
            server.answers[path] = answer
        server.answers[f"/files/{name}"] = Answer(body=(tmp_path / name).read_bytes())
        assert codes(run, f"{server.url}/simple") == []
        found, *_ = findings(run, f"{server.url}/simple", "--deep")
        del server.answers[f"/files/{name}"]
        [gone] = findings(run, f"{server.url}/simple", "--deep")
    assert (found["code"], found["inside"]) == ("BT311", "x.so")
    assert gone["code"] == "BT341"
