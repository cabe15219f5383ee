"""Compare the shipped overrides with the wheels that were measured, without network.

Law 2, true: no override provides less than a wheel needs. Law 4, minimal: where one provides more,
the catalogue gives a reason.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.utils import canonicalize_name
from packaging.version import Version

from evidence import catalogue, independent, measurements, table
from evidence.__main__ import main
from evidence.catalogue import Package, Reading
from evidence.comparison import (
    Comparison,
    Verdict,
    compare_measured,
    compare_read,
    expression,
    given,
    needs,
    override,
)
from evidence.independent import Independent
from evidence.measurements import Measurement
from evidence.rows import load_rows
from fromager_build_tags.needs import Need
from fromager_build_tags.plan.plugins import load_shipped_override
from fromager_build_tags.wheel.evidence import TorchAbi

ROOT = Path(__file__).parent.parent
PLAN = catalogue.load()
MEASURED = measurements.load()
INDEPENDENT = load_rows(independent.RESULTS, Independent)
ORDINARY = Package(note="")
MODULES = sorted(path.stem for path in (ROOT / "overrides").glob("*.py") if path.stem != "__init__")
OVERRIDES = "fromager_build_tags_overrides"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENTRY_POINTS = PROJECT["entry-points"]
INSTALLED = metadata.entry_points(group="fromager_build_tags.overrides")
if {each.name: each.value for each in INSTALLED} != ENTRY_POINTS["fromager_build_tags.overrides"]:
    raise pytest.UsageError("entry points changed: run `uv pip install -e . --no-deps`")

#: The measured packages of each module: one, or those of a family.
PACKAGES_OF: dict[str, list[str]] = {}
for package_name in PLAN.packages:
    if shipped := load_shipped_override(package_name):
        PACKAGES_OF.setdefault(shipped.__name__.removeprefix(f"{OVERRIDES}."), []).append(
            package_name
        )
EXPRESSIONS = {module: expression(packages[0]) for module, packages in PACKAGES_OF.items()}


def compared() -> Iterator[tuple[str, str, Comparison]]:
    for row in MEASURED.measurements:
        package = PLAN.packages.get(row.package, ORDINARY)
        yield row.package, row.version, compare_measured(row, package)
    for name, package in PLAN.packages.items():
        for reading in package.read:
            yield name, reading.version, compare_read(name, reading, package)


COMPARED = list(compared())


@pytest.mark.parametrize(("name", "version", "comparison"), COMPARED)
def test_no_override_provides_too_little(name: str, version: str, comparison: Comparison) -> None:
    assert comparison.verdict is not Verdict.LESS, f"{name} {version} needs {comparison.needed}"


@pytest.mark.parametrize(("name", "version", "comparison"), COMPARED)
def test_an_override_that_provides_more_has_a_reason(
    name: str, version: str, comparison: Comparison
) -> None:
    more = comparison.verdict is Verdict.MORE
    assert more == (comparison.reason is not None), f"{name} {version}: {comparison.reason}"


def test_there_is_enough_evidence() -> None:
    assert len({row.package for row in MEASURED.measurements}) >= 200
    assert len(MEASURED.measurements) >= 350
    assert len(INDEPENDENT) >= 250


def test_all_that_is_planned_was_measured_and_nothing_else() -> None:
    measured = [(row.package, row.version) for row in MEASURED.measurements]

    assert sorted(measured) == sorted(PLAN.wheels())


def test_ordinary_packages_need_nothing_and_have_no_override() -> None:
    assert len(PLAN.ordinary) >= 50
    assert not PLAN.ordinary.keys() & PLAN.packages.keys()
    for name, version in PLAN.ordinary.items():
        [row] = MEASURED.of(name)
        assert (row.accelerators, row.torch, row.purelib) == ({}, TorchAbi.NONE, False)
        assert row.libraries
        assert override(name) is None, f"{name} {version}"


@pytest.mark.parametrize(
    "row",
    [row for row in MEASURED.measurements if row.file in INDEPENDENT],
    ids=lambda row: row.file,
)
def test_binutils_find_the_same(row: Measurement) -> None:
    """Another reader, which shares no code with the shipped one; a difference has its reason."""
    other = INDEPENDENT[row.file]
    reason = PLAN.packages.get(row.package, ORDINARY).independent.get(row.version)
    same = sorted(row.accelerators) == [*other.stacks] and row.torch == other.torch

    assert same == (reason is None), f"{other}: {reason}"


def test_no_member_of_a_measured_wheel_went_unread() -> None:
    """An ELF file that cannot be read could hide a need; linker scripts and the like cannot."""
    harmless = ("empty", "linker script", "not ELF", "Mach-O", "PE")
    unread = [each for row in MEASURED.measurements for each in row.refused]

    assert [each for each in unread if not each.endswith(harmless)] == []


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "packages.md").read_text(encoding="utf-8")

    assert page == table.render(PLAN, MEASURED, INDEPENDENT), "run: python -m evidence table"


def test_every_module_is_registered_and_every_name_has_evidence() -> None:
    points = ENTRY_POINTS["fromager_build_tags.overrides"]
    assert {value.removeprefix(f"{OVERRIDES}.") for value in points.values()} == {*MODULES}
    names = {canonicalize_name(name) for name in points if "*" not in name}
    assert names <= PLAN.packages.keys()
    assert not any(
        value.startswith("fromager_build_tags_overrides")
        for value in ENTRY_POINTS.get("fromager.project_overrides", {}).values()
    )


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_evidence(module: str) -> None:
    packages = [PLAN.packages[name] for name in PACKAGES_OF[module]]
    assert all(package.versions or package.read for package in packages)


@pytest.mark.parametrize("module", [m for m in MODULES if EXPRESSIONS[m]])
def test_a_module_is_a_docstring_and_one_line(module: str) -> None:
    tree = ast.parse((ROOT / "overrides" / f"{module}.py").read_text(encoding="utf-8"))

    assert ast.get_docstring(tree)
    assert [type(node) for node in tree.body] == [ast.Expr, ast.ImportFrom, ast.Assign]


@pytest.mark.parametrize("module", MODULES)
def test_a_number_of_symbols_in_a_docstring_was_measured(module: str) -> None:
    text = (ROOT / "overrides" / f"{module}.py").read_text(encoding="utf-8")
    counts = {row.cxx_symbols for name in PACKAGES_OF[module] for row in MEASURED.of(name)}

    assert {int(count) for count in re.findall(r"(\d+) C\+\+\s+symbols", text)} <= counts


@pytest.mark.parametrize("module", [m for m in MODULES if " if " in (EXPRESSIONS[m] or " if ")])
def test_a_change_has_evidence_on_both_sides(module: str) -> None:
    measured = {
        given(name, row.version, row.accelerators)
        for name in PACKAGES_OF[module]
        for row in MEASURED.of(name)
    }
    read = {
        given(name, each.version, each.accelerators, each.torch_version)
        for name in PACKAGES_OF[module]
        for each in PLAN.packages[name].read
    }

    assert len(measured | read) > 1


BOTH = frozenset({Need.ACCELERATOR, Need.TORCH})
ACCELERATOR = frozenset({Need.ACCELERATOR})


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("torch", "2.15.0", ACCELERATOR),
        ("flash-attn", "2.8.3.post2", BOTH),
        ("torchvision", "0.28.0", BOTH),
        ("torchvision", "0.29.0", ACCELERATOR),
        ("torchvision", "0.29.0+cu130", ACCELERATOR),
        ("torchaudio", "2.9.1", BOTH),
        ("torchaudio", "2.10.0", ACCELERATOR),
        ("torchcodec", "0.11.1", BOTH),
        ("torchcodec", "0.12.0", ACCELERATOR),
        ("torchao", "0.16.0", BOTH),
        ("torchao", "0.19.0", ACCELERATOR),
        ("torchtext", "0.18.0", frozenset({Need.TORCH})),
        ("nixl-cu12", "1.0.0", ACCELERATOR),
        ("nixl-cu12", "1.0.1", BOTH),
        ("gptqmodel", "6.0.3", BOTH),
        ("gptqmodel", "7.0.0", frozenset()),
        ("mooncake-transfer-engine", "0.3.6.post1", ACCELERATOR),
        ("mooncake-transfer-engine", "0.3.7", BOTH),
        ("mooncake-transfer-engine", "0.3.14", ACCELERATOR),
        ("mooncake-transfer-engine-efa-cuda13", "0.3.13.post1", ACCELERATOR),
        ("mooncake-transfer-engine-efa-non-cuda", "0.3.13.post1", frozenset()),
        ("mooncake-transfer-engine-non-cuda", "0.3.7.post1", frozenset()),
        ("tensordict", "0.14.3", frozenset()),
        ("torchrl", "0.14.1", frozenset({Need.TORCH})),
        ("triton", "3.9.0", frozenset()),
        ("xgrammar", "0.2.8", frozenset()),
    ],
)
def test_what_the_overrides_provide(name: str, version: str, expected: frozenset[Need]) -> None:
    assert given(name, version) == expected


def test_what_depends_on_the_torch_of_the_stack() -> None:
    assert given("flash-attn-3", "3.0.0", torch_version="2.8.0") == BOTH
    assert given("flash-attn-3", "3.0.0", torch_version="2.9.0") == ACCELERATOR


@pytest.mark.parametrize(
    ("accelerators", "torch", "expected"),
    [
        ((), "none", frozenset()),
        ((), "stable", frozenset()),
        ((), "unstable", frozenset({Need.TORCH})),
        (("cuda",), "stable", ACCELERATOR),
        (("cuda", "rocm"), "unstable", BOTH),
    ],
)
def test_what_a_wheel_needs(
    accelerators: tuple[str, ...], torch: str, expected: frozenset[Need]
) -> None:
    assert needs(accelerators, torch) == expected


def row(*, purelib: bool = False, torch: TorchAbi = TorchAbi.UNSTABLE) -> Measurement:
    return Measurement(
        package="triton",
        version="1.0",
        file="triton-1.0.whl",
        megabytes=1.0,
        purelib=purelib,
        libraries=1,
        accelerators={"cuda": ("triton.so needs libcudart.so.13",)},
        torch=torch,
        torch_proofs=(),
        cxx_symbols=7,
        stable_symbols=0,
        requires_torch=("torch<2.9,>=2.8; platform_machine == 'x86_64'",),
        refused=(),
    )


def test_an_override_that_is_missing_is_marked() -> None:
    page = table.render(
        PLAN.model_copy(update={"packages": {"triton": Package(note="A note.")}}),
        measurements.Measurements().having(row()),
    )

    assert "| triton | 1.0 | cuda | unstable (7) | `torch<2.9,>=2.8` | - | **LESS** |" in page
    assert "**1 rows where an override provides too little.**" in page
    assert "- **triton**: no override. A note." in page


def test_a_pure_wheel_needs_nothing() -> None:
    comparison = compare_measured(row(purelib=True), Package(note=""))

    assert comparison.verdict is Verdict.AGREES


def test_measuring_again_replaces_a_row_and_keeps_the_order() -> None:
    first = measurements.Measurements().having(row())
    other = row().model_copy(update={"version": "0.9"})

    both = first.having(other).having(row(torch=TorchAbi.NONE))

    assert [Version(each.version) for each in both.measurements] == [Version("0.9"), Version("1.0")]
    assert both.measurements[1].torch is TorchAbi.NONE


def test_measurements_survive_the_file(tmp_path: Path) -> None:
    file = tmp_path / "measurements.json"
    assert measurements.load(file) == measurements.Measurements()

    measurements.save(MEASURED, file)

    assert measurements.load(file) == MEASURED
    assert file.read_bytes() == measurements.FILE.read_bytes()


@pytest.mark.parametrize(
    "package",
    [
        {"note": "", "versions": ["2.0", "1.0"]},
        {"note": "", "read": [{"version": "2", "what": ""}, {"version": "1", "what": ""}]},
    ],
)
def test_a_catalogue_out_of_order_is_refused(package: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="versions go from old to new"):
        Package.model_validate(package)


def test_a_reading_is_judged_like_a_measurement() -> None:
    reading = Reading(version="1.0", accelerators=("cuda",), torch="unstable", what="setup.py")

    assert compare_read("triton", reading, Package(note="")).verdict is Verdict.LESS
    assert compare_read("flash-attn", reading, Package(note="")).verdict is Verdict.AGREES


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["measure", "torch", "nope"], "nope: not in packages.yaml; list it there first"),
        (["verify", "nope==1"], "nope==1: not in verified.yaml; list it there first"),
    ],
)
def test_what_is_not_listed_is_not_fetched(args: list[str], message: str) -> None:
    result = CliRunner().invoke(main, args)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, f"Error: {message}")


def test_packages_of_the_stable_abi_have_a_target() -> None:
    """``check`` needs it (BT125); of flash-attn-3, the source was read."""
    stable = {row.package for row in MEASURED.measurements if row.torch is TorchAbi.STABLE}
    targets = {
        name: target
        for name in PLAN.packages
        if (target := getattr(override(name), "torch_target", ""))
    }
    assert targets.keys() == {*stable, "flash-attn-3"}
    assert all(re.fullmatch(r"headers|2\.\d{1,2}", each) for each in targets.values())
