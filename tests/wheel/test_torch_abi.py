"""With which Torch a wheel loads."""

from __future__ import annotations

import pytest
from packaging.version import Version

from fromager_build_tags.wheel.libraries import Accelerator
from fromager_build_tags.wheel.torch.torch_abi import compare
from fromager_build_tags.wheel.torch.torch_imports import TorchImports
from fromager_build_tags.wheel.torch.torch_loads import TorchLoads, short
from fromager_build_tags.wheel.torch.torch_table import TorchTable

from ..growth import grows_linearly
from .torch_samples import build, imports, table

OLD, BOTH, NEW = "_ZN3c103oldEv", "_ZN2at4bothEv", "_ZN5torch3newEv"
FLOOR, BASE = "torch_exception_get_what", "aoti_torch_get_dim"
RELEASES = table(
    {
        "2.9.0": {OLD, BOTH, BASE},
        "2.9.1": {OLD, BOTH, BASE},
        "2.10.0": {BOTH, BASE, FLOOR},
        "2.11.0": {BOTH, NEW, BASE, FLOOR},
    }
)
CUDA, ROCM = Accelerator.CUDA, Accelerator.ROCM


def loads(*each: TorchImports, known: TorchTable = RELEASES) -> TorchLoads:
    found = compare(each, known)
    assert found is not None
    return found


def versions(found: TorchLoads) -> list[str]:
    return [str(version) for version in found.versions]


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        ({OLD}, "loads with Torch 2.9.0 to 2.9.1"),
        ({NEW}, "loads with Torch 2.11.0"),
        ({BOTH}, "loads with Torch 2.9.0 to 2.11.0"),
        ({OLD, NEW}, "loads with no Torch from 2.9.0 to 2.11.0"),
        ({FLOOR, BASE}, "loads with Torch 2.10 and later; stable ABI, minimum 2.10"),
        ({BASE}, "loads with Torch 2.9 and later; stable ABI, minimum 2.9 or lower"),
        ({BASE, OLD}, "loads with Torch 2.9.0 to 2.9.1"),
        ({"torch_of_a_newer_one"}, "loads with no Torch from 2.9.0 to 2.11.0"),
    ],
)
def test_what_a_wheel_loads_with(symbols: set[str], expected: str) -> None:
    assert str(loads(imports(*symbols))) == expected


def test_a_gap_between_releases_is_shown() -> None:
    known = table({"2.9.0": {OLD}, "2.10.0": {NEW}, "2.11.0": {OLD}, "2.12.0": {OLD}})

    assert str(loads(imports(OLD), known=known)) == "loads with Torch 2.9.0, 2.11.0 to 2.12.0"


def test_missing_symbols_are_listed_by_version_and_member() -> None:
    found = loads(imports(NEW, OLD, BOTH, member="a.so"), imports(NEW, member="b.so"))

    assert {str(version): dict(missing) for version, missing in found.missing.items()} == {
        "2.9.0": {"a.so": [NEW], "b.so": [NEW]},
        "2.9.1": {"a.so": [NEW], "b.so": [NEW]},
        "2.10.0": {"a.so": [OLD, NEW], "b.so": [NEW]},
        "2.11.0": {"a.so": [OLD]},
    }


def test_a_wheel_that_imports_nothing_needs_no_torch() -> None:
    """Weak imports may stay undefined."""
    weak = TorchImports(
        member="a.so", machine="x86_64", symbols=frozenset(), weak=frozenset({"_ZTHN3c104flagE"})
    )

    assert compare([], RELEASES) is None
    assert compare([weak], RELEASES) is None


def test_functions_of_others_named_as_those_of_torch_need_no_torch() -> None:
    assert compare([imports("torch_foo", linked=False)], RELEASES) is None
    assert compare([imports("torch_foo", linked=False, others=("libfoo.so",))], RELEASES) is None


@pytest.mark.parametrize("others", [(), ("libcomms.so",)])
def test_functions_of_others_beside_those_of_torch(others: tuple[str, ...]) -> None:
    """Nothing is proven by a symbol that no Torch has, where another library may have it."""
    found = loads(imports(FLOOR, "torch_foo", linked=bool(others), others=others))

    assert versions(found) == ["2.10.0", "2.11.0"]
    assert found.not_compared == {"torch_foo"}
    assert not found.unknown


def test_a_namespace_that_others_use_too() -> None:
    found = loads(imports(BOTH, "_ZN5torch5comms3runEv", others=("libtorchcomms.so",)))

    assert len(found.versions) == 4
    assert found.not_compared == {"_ZN5torch5comms3runEv"}


def test_a_library_of_which_nothing_is_known_is_not_compared() -> None:
    found = loads(imports("_ZN5torch5comms3runEv", others=("libtorchcomms.so",)))

    assert (found.versions, found.missing) == ((), {})
    assert str(found) == "loads with an unknown Torch: no known one can be compared"


@pytest.mark.parametrize("others", [(), ("libsox.so.3",)])
def test_a_symbol_of_torchs_own_namespaces_that_no_torch_exports(others: tuple[str, ...]) -> None:
    """No library of others defines it: so is the old C++ string ABI found."""
    symbol = "_ZN3c105ErrorC2ENS_14SourceLocationESs"
    found = loads(imports(BOTH, symbol, others=others))

    assert found.unknown == {"demo/_C.so": [symbol]}
    assert not found.versions
    assert not found.not_compared


@pytest.mark.parametrize("symbol", ["torch_foo", "_ZN5torch3newestEv"])
def test_a_symbol_that_no_torch_exports(symbol: str) -> None:
    assert loads(imports(symbol)).unknown == {"demo/_C.so": [symbol]}


def test_libraries_that_need_different_torch() -> None:
    found = loads(imports(OLD, member="old.so"), imports(NEW, member="new.so"))

    assert found.has_one_for_each
    assert str(found) == (
        "loads with no single Torch from 2.9.0 to 2.11.0: its libraries need different ones"
    )


def test_one_library_that_loads_with_none_is_not_one_of_several() -> None:
    found = loads(imports(OLD, NEW, member="no.so"), imports(NEW, member="new.so"))

    assert not found.has_one_for_each
    assert str(found) == "loads with no Torch from 2.9.0 to 2.11.0"


def test_a_machine_without_torch_is_not_compared() -> None:
    found = loads(imports(BOTH, machine="ppc64"))

    assert found.uncovered == ("ppc64",)
    assert str(found) == "loads with an unknown Torch: no known one for ppc64 can be compared"


def test_libraries_without_torch_do_not_hide_the_others() -> None:
    found = loads(
        imports(OLD), imports(BOTH, member="a.so", machine="x86_64 with musl"),
        imports(BOTH, member="b.so", machine="aarch64"),
    )  # fmt: skip

    assert str(found) == (
        "loads with Torch 2.9.0 to 2.9.1; not compared: libraries for x86_64 with musl and aarch64"
    )


def test_another_accelerator_is_not_compared() -> None:
    """A build for CUDA proves nothing of one for ROCm."""
    found = loads(imports(OLD, NEW, accelerator=ROCM))

    assert found.uncovered == ("x86_64",)
    assert not found.versions


COMMON = TorchTable.of(
    [
        build("2.9.0", OLD, BOTH, "_ZN3c104cuda3oldEv", "_ZN2at5movedEv"),
        build("2.9.0", OLD, BOTH, "_ZN2at5movedEv", accelerator=None),
        build("2.10.0", BOTH, NEW, "_ZN2at5movedEv"),
        build("2.10.0", BOTH, NEW, accelerator=None),
    ]
)
HIP = "_ZN3c103hip6streamEv"


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        ({OLD, HIP}, "loads with Torch 2.9.0; not compared: symbols of Torch for rocm"),
        ({NEW}, "loads with Torch 2.10.0"),
        ({OLD, NEW}, "loads with no Torch from 2.9.0 to 2.10.0"),
        (
            {BOTH, "_ZN3c104cuda3oldEv"},
            "loads with Torch 2.9.0 to 2.10.0; not compared: symbols of Torch for rocm",
        ),
        (
            {"_ZN2at5movedEv"},
            "loads with Torch 2.9.0 to 2.10.0; not compared: symbols of Torch for rocm",
        ),
        ({HIP}, "loads with an unknown Torch: no known one can be compared"),
        (
            {"_ZN3c104cuda3oldEv"},
            "loads with an unknown Torch: no known one can be compared",
        ),
    ],
)
def test_what_builds_for_every_accelerator_have_is_compared_for_rocm(
    symbols: set[str], expected: str
) -> None:
    """What only a library of Torch for CUDA exports, one for ROCm may export, too."""
    found = loads(imports(*symbols, accelerator=ROCM), known=COMMON)

    assert str(found) == expected
    assert not found.unknown


def test_builds_without_an_accelerator_change_nothing_for_cuda() -> None:
    found = loads(imports(OLD, "_ZN2at5movedEv", HIP, accelerator=CUDA), known=COMMON)

    assert {str(version): dict(missing) for version, missing in found.missing.items()} == {
        "2.9.0": {"demo/_C.so": [HIP]},
        "2.10.0": {"demo/_C.so": [HIP, OLD]},
    }


def test_a_library_for_no_accelerator_is_compared_with_builds_for_one() -> None:
    assert versions(loads(imports(NEW))) == ["2.11.0"]


STREAM, LATER = "_ZN3c104cuda6streamEv", "_ZN3c104cuda5laterEv"
MIXED = TorchTable.of(
    [
        build("2.9.0", STREAM, BOTH),
        build("2.9.0", BOTH, machine="aarch64", accelerator=None),
        build("2.10.0", STREAM, LATER, BOTH),
        build("2.10.0", BOTH, machine="aarch64", accelerator=None),
        build("2.11.0", STREAM, LATER, BOTH),
        build("2.11.0", STREAM, LATER, BOTH, machine="aarch64"),
    ]
)


def test_a_build_for_the_cpu_does_not_disprove_one_for_cuda() -> None:
    """The registry's Torch for aarch64 is for the CPU up to 2.10."""
    found = loads(imports(STREAM, machine="aarch64", accelerator=CUDA), known=MIXED)

    assert versions(found) == ["2.9.0", "2.10.0", "2.11.0"]
    assert found.not_compared == {STREAM}


def test_another_machine_proves_that_a_release_lacks_a_symbol() -> None:
    found = loads(imports(LATER, machine="aarch64", accelerator=CUDA), known=MIXED)

    assert versions(found) == ["2.10.0", "2.11.0"]


def test_a_build_for_the_cpu_on_another_machine_excuses_nothing() -> None:
    cpu = [
        build("2.9.0", BOTH, NEW, accelerator=None),
        build("2.9.0", BOTH, machine="aarch64", accelerator=None),
    ]

    assert not loads(imports(BOTH, NEW, machine="aarch64"), known=TorchTable.of(cpu)).versions


def given(*builds: tuple[str, set[str], Accelerator | None]) -> TorchTable:
    return TorchTable.of(
        build(version, *exports, accelerator=accelerator, source="torch.whl")
        for version, exports, accelerator in builds
    )


def test_a_given_torch_is_what_the_wheel_is_to_be_loaded_with() -> None:
    """It stands for itself only: one for the CPU does not load a library for CUDA."""
    cpu = given(("2.9.0+cpu", {BOTH}, None))

    found = loads(imports(STREAM, accelerator=CUDA), known=cpu)

    assert str(found) == "does not load with Torch 2.9.0+cpu"
    assert (found.given, found.unknown) == (True, {})


def test_a_given_torch_for_another_accelerator_is_compared() -> None:
    found = loads(imports(BOTH, accelerator=ROCM), known=given(("2.9.0", {BOTH}, CUDA)))

    assert str(found) == "loads with Torch 2.9.0"


def test_of_two_builds_of_a_version_one_is_enough() -> None:
    known = given(("2.9.0", {BOTH}, None), ("2.9.0", {BOTH, STREAM}, CUDA))

    assert versions(loads(imports(BOTH, STREAM), known=known)) == ["2.9.0"]


def test_a_given_torch_lacks_what_a_known_one_exports() -> None:
    """That another library may export it does not count for a symbol that is known as Torch's."""
    symbol = "_ZTIN5torch8autograd4NodeE"
    known = given(("2.9.0", {BOTH}, CUDA))

    found = loads(imports(BOTH, symbol, others=("libsox.so.3",)), known=known)
    other = loads(imports(BOTH, "_ZN5torch5comms1fEv", others=("libsox.so.3",)), known=known)

    assert not found.versions
    assert other.not_compared == {"_ZN5torch5comms1fEv"}


def test_one_given_torch_does_not_show_a_minimum() -> None:
    one = given(("2.10.0", {BASE}, CUDA))
    two = given(("2.9.0", {BOTH}, CUDA), ("2.10.0", {BASE}, CUDA))

    assert loads(imports(BASE), known=one).minimum is None
    assert loads(imports(BASE), known=two).minimum == Version("2.10.0")


def test_a_minimum_is_followed_by_releases_that_load_only() -> None:
    known = table({"2.9.0": {BASE}, "2.10.0": set(), "2.11.0": {BASE}})

    assert loads(imports(BASE), known=known).minimum == Version("2.11.0")


@pytest.mark.parametrize(
    ("version", "expected"), [("2.10.0", "2.10"), ("2.12.1", "2.12.1"), ("2.9.0+cpu", "2.9.0+cpu")]
)
def test_a_short_version(version: str, expected: str) -> None:
    assert short(Version(version)) == expected


def test_many_symbols_take_linear_time() -> None:
    """As many as the reader of libraries keeps; none of them is known."""
    known = table({f"2.{minor}.0": {OLD} for minor in range(36)})

    def compare_many(count: int) -> None:
        found = loads(imports(*(f"_ZN3c10{number}Ev" for number in range(count))), known=known)
        lists = {id(missing["demo/_C.so"]) for missing in found.missing.values()}
        assert len(lists) == 1, "each version has its own copy of a long list"

    assert grows_linearly(compare_many, 30_000)
