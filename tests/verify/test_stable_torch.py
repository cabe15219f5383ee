"""BT302 proposes to drop the Torch segment only if each Torch of the settings loads the wheel."""

from __future__ import annotations

import json
import pathlib

import pytest
from click.testing import CliRunner
from packaging.version import Version

from fromager_build_tags.commands import main
from fromager_build_tags.stack.stack import DeclaredTorch
from fromager_build_tags.verify.exemptions import Exemptions
from fromager_build_tags.verify.run import WheelSource, verify_wheel

from ..trees import HOOK, write_tree
from ..wheel.craft import Shape, elf_without_sections, with_sections
from .building import Wheel
from .conftest import Write

#: Functions of the stable ABI, and the Torch that is the first to export each.
FROM_2_10, FROM_2_13 = "torch_delete_list", "torch_exception_get_what"


def stable_wheel(torch: str, function: str, machine: int = 62) -> Wheel:
    shape = Shape(machine=machine)
    library = elf_without_sections(shape, needed=["libtorch.so"], imports=[function])
    return Wheel(tag=f"8_el9.6_torch{torch}", members={"demo/_C.so": with_sections(shape, library)})


def remedies(write: Write, wheel: Wheel, lowest: str) -> list[str]:
    declared = DeclaredTorch(version=Version(lowest), variant="cuda") if lowest else None
    exemptions = Exemptions(lowest_torch=lambda: declared)
    found = verify_wheel(WheelSource(text=str(write(wheel))), lambda _: exemptions)
    return [each.remedy for each in found if each.code == "BT302"]


@pytest.mark.parametrize(
    ("torch", "function", "lowest", "minimum"),
    [
        ("2.10.0", FROM_2_10, "", "2.10"),
        ("2.10", FROM_2_10, "", "2.10"),
        ("2.9.1", FROM_2_10, "", ""),
        ("2.14.0", FROM_2_13, "2.13.0", "2.13"),
        ("2.14.0", FROM_2_13, "2.12.1", ""),
        ("2.14.0", FROM_2_13, "2.12", ""),
        ("2.14.0", FROM_2_13, "", "2.13"),
        ("2.12.1", FROM_2_13, "", ""),
        ("2.12.1", FROM_2_13, "2.13.0", "2.13"),
        ("2.14.0", "torch_function_that_no_torch_has", "", ""),
    ],
)
def test_the_lowest_torch_decides(
    write: Write, torch: str, function: str, lowest: str, minimum: str
) -> None:
    found = remedies(write, stable_wheel(torch, function), lowest)
    assert found == (
        [
            "set build-tags.depends-on of demo-pkg to 'none', or change its override: one wheel "
            f"then serves every Torch from {minimum} on"
        ]
        if minimum
        else []
    )


def test_a_machine_without_a_known_torch(write: Write) -> None:
    assert remedies(write, stable_wheel("2.14.0", FROM_2_10, machine=22), "") == []


@pytest.mark.parametrize(("torch", "codes"), [("2.13.0", ["BT302"]), ("2.12.0", [])])
def test_the_command_reads_the_variant_files(
    write: Write,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    torch: str,
    codes: list[str],
) -> None:
    """Of all variants: the index may be for another one than the selected variant."""
    monkeypatch.chdir(tmp_path)
    files = {
        "settings/settings.yaml": HOOK,
        "settings/packages/demo_pkg.yaml": "{}\n",
        "settings/variants/a.yaml": 'torch_version: "2.14.0"\n',
        "settings/variants/b.yaml": f'torch_version: "{torch}"\n',
    }
    write_tree(tmp_path, files)
    path = write(stable_wheel("2.14.0", FROM_2_13))
    options = ["--settings-file=settings/settings.yaml", "--settings-dir=settings/packages"]
    result = CliRunner().invoke(main, [*options, "verify", str(path), "--format", "json"])
    assert [each["code"] for each in json.loads(result.stdout)["findings"]] == codes
