"""One function judges what a wheel depends on: ``add`` and ``verify`` agree on each wheel."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from fromager_build_tags.add.proposal import propose_from_wheel
from fromager_build_tags.tag.contents import excludes, needs_of
from fromager_build_tags.tag.expression import Need, simple_expression
from fromager_build_tags.verify.checks.examined import ExaminedWheel
from fromager_build_tags.verify.examine import examine_wheel
from fromager_build_tags.wheel.torch.torch_loads import TorchLoads

from ..verify.building import Wheel, compile_libraries
from ..wheel.building import Compiler

LIBRARIES = {
    "none": ["plain"],
    "accelerator": ["libcudart.so.13"],
    "accelerator, its code": ["nv_fatbin", "plain"],
    "accelerator, its library": ["runtime"],
    "accelerator, its library for dlopen": ["runtime", "plain"],
    "none, a profiler among others": ["profiler", "plain", "linked"],
    "torch": ["unstable"],
    "none, Torch's stable ABI": ["stable"],
    "none, a link to Torch": ["linked"],
    "accelerator torch": ["unstable", "hip_fatbin"],
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return compile_libraries(Compiler(tmp_path_factory.mktemp("compiled")))


def examined(folder: Path, compiled: dict[str, bytes], libraries: list[str]) -> ExaminedWheel:
    wheel = Wheel(tag="8_el9.6", libraries=libraries).write(folder, compiled)
    return examine_wheel(str(wheel), wheel.name)


@pytest.mark.parametrize("what", LIBRARIES)
def test_add_and_verify_agree(tmp_path: Path, compiled: dict[str, bytes], what: str) -> None:
    wheel = examined(tmp_path, compiled, LIBRARIES[what])
    expected = what.partition(",")[0]
    assert simple_expression(needs_of(wheel.facts)) == expected
    assert propose_from_wheel(wheel.facts, "").expression == expected
    assert wheel.depends_on() == expected


def test_an_accelerator_that_is_not_used_stays_as_it_is_in_the_name(
    tmp_path: Path, compiled: dict[str, bytes]
) -> None:
    libraries = LIBRARIES["none, a profiler among others"]
    wheel = Wheel(tag="8_el9.6_cuda12.9", libraries=libraries).write(tmp_path, compiled)
    assert examine_wheel(str(wheel), "").depends_on() == "accelerator"


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ([], "none"),
        (["nvidia-ml-py>=12"], "none"),
        (["rocm[libraries]==7.1.*"], "none"),
        (['nvidia-cufile-cu12; extra == "io"'], "none"),
        (["NVIDIA-cufile-cu12"], "accelerator"),
        (["cuda-toolkit[cufile]==13.*"], "accelerator"),
    ],
)
def test_a_requirement_for_an_accelerator_shows_that_its_library_is_used(
    tmp_path: Path, compiled: dict[str, bytes], requires: list[str], expected: str
) -> None:
    libraries = LIBRARIES["none, a profiler among others"]
    wheel = Wheel(tag="8_el9.6", libraries=libraries, requires=requires).write(tmp_path, compiled)
    facts = examine_wheel(str(wheel), "").facts
    assert simple_expression(needs_of(facts)) == expected


MINIMUM = TorchLoads(missing={Version("2.9"): {"m": ["s"]}, Version("2.10"): {}}, stable=True)
NO_MINIMUM = TorchLoads(missing={Version("2.9"): {"m": ["s"]}}, stable=True)


@pytest.mark.parametrize(
    ("loads", "lowest", "expected"),
    [
        (MINIMUM, "2.9", True),
        (MINIMUM, "2.10", False),
        (MINIMUM, None, False),
        (NO_MINIMUM, "2.10", True),
        (None, "2.9", False),
    ],
)
def test_the_stable_abi_needs_a_segment_below_its_minimum(
    tmp_path: Path,
    compiled: dict[str, bytes],
    loads: TorchLoads | None,
    lowest: str | None,
    expected: bool,
) -> None:
    facts = examined(tmp_path, compiled, ["stable"]).facts
    version = Version(lowest) if lowest else None
    assert excludes(facts, loads, version) is expected
    assert needs_of(facts, loads, version) == ({Need.TORCH} if expected else set())
