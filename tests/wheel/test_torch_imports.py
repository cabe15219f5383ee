"""What the libraries of a wheel import of Torch."""

from __future__ import annotations

import subprocess

import pytest

from fromager_build_tags.wheel.elf_refusal import RefusalReason
from fromager_build_tags.wheel.facts import read_wheel
from fromager_build_tags.wheel.libraries import Accelerator
from fromager_build_tags.wheel.torch.torch_abi import compare
from fromager_build_tags.wheel.torch.torch_imports import TorchImports

from ..growth import grows_linearly
from . import hostile
from .building import CXX_SYMBOLS, STABLE_SYMBOLS, Compiler, MakeWheel
from .craft import Shape, elf_without_sections
from .torch_samples import table

KNOWN = table({"2.9.0": {*CXX_SYMBOLS, *STABLE_SYMBOLS}, "2.10.0": {*STABLE_SYMBOLS}})
ERROR, SIZE, *_ = CXX_SYMBOLS


def elf(*imports: str, needed: tuple[str, ...] = ("libtorch.so",), machine: int = 62) -> bytes:
    return elf_without_sections(
        Shape(machine=machine), needed=list(needed), imports=list(imports), gnu_hash=True
    )


def test_the_imports_of_a_library(stand_ins: Compiler, make_wheel: MakeWheel) -> None:
    library = stand_ins.library(
        "_extension.so",
        exports=["torch_own"],
        imports=[ERROR, *STABLE_SYMBOLS, "cudaMalloc"],
        needs=["libtorch.so", "libcudart.so.13"],
    )

    (found,) = read_wheel(make_wheel({"demo/_extension.so": library})).torch_imports

    assert found == TorchImports(
        member="demo/_extension.so",
        machine="x86_64",
        symbols=frozenset({ERROR, *STABLE_SYMBOLS}),
        accelerator=Accelerator.CUDA,
        linked=True,
    )


def test_without_sections_imports_are_found_by_the_hash_table(make_wheel: MakeWheel) -> None:
    facts = read_wheel(make_wheel({"a.so": elf(ERROR)}))

    assert facts.without_sections == ("a.so",)
    assert [each.symbols for each in facts.torch_imports] == [{ERROR}]
    assert str(compare(facts.torch_imports, KNOWN)) == "loads with Torch 2.9.0"


def test_symbols_with_versions_count_by_their_names(
    compiler: Compiler, make_wheel: MakeWheel
) -> None:
    script = compiler.folder / "versions"
    script.write_text("TORCH_2 { global: *; };")
    compiler.library(
        "libc10_versions.so", exports=[ERROR], options=[f"-Wl,--version-script={script}"]
    )
    library = compiler.library("_versions.so", imports=[ERROR], needs=["libc10_versions.so"])
    listed = subprocess.run(
        ["readelf", "--dyn-syms", "--wide", library], capture_output=True, text=True, check=True
    )
    assert f"{ERROR}@TORCH_2" in listed.stdout

    (found,) = read_wheel(make_wheel({"_versions.so": library})).torch_imports

    assert found.symbols == {ERROR}


def test_weak_imports_alone_need_nothing(compiler: Compiler, make_wheel: MakeWheel) -> None:
    library = compiler.library(
        "_weak.so", imports=[ERROR], options=["-Dextern=__attribute__((weak))"]
    )

    (found,) = read_wheel(make_wheel({"_weak.so": library})).torch_imports

    assert not found.symbols
    assert found.weak == {ERROR}
    assert compare([found], KNOWN) is None


def test_a_wheel_that_carries_libtorch_needs_nothing(
    stand_ins: Compiler, make_wheel: MakeWheel
) -> None:
    library = stand_ins.library("_bundled.so", imports=CXX_SYMBOLS, needs=["libtorch.so"])
    libtorch = stand_ins.library("libtorch-3eda8113.so", exports=CXX_SYMBOLS)

    facts = read_wheel(
        make_wheel({"_bundled.so": library, "bundle.libs/libtorch-3eda8113.so": libtorch})
    )

    assert facts.torch_imports == ()


def test_a_function_of_a_wheels_own_named_as_those_of_torch(
    compiler: Compiler, make_wheel: MakeWheel
) -> None:
    compiler.library("libfoo.so.1", exports=["torch_foo"])
    defines = compiler.library("_own.so", exports=["torch_foo"])
    calls = compiler.library("_calls.so", imports=["torch_foo"])
    of_others = compiler.library("_others.so", imports=["torch_foo"], needs=["libfoo.so.1"])

    own = read_wheel(make_wheel({"_own.so": defines, "_calls.so": calls})).torch_imports
    others = read_wheel(make_wheel({"_others.so": of_others})).torch_imports

    assert own == ()
    assert others[0].others == ("libfoo.so.1",)
    assert not others[0].linked
    assert compare(others, KNOWN) is None


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        (("libtorch.so",), None),
        (("libtorch.so", "libc10_cuda.so"), Accelerator.CUDA),
        (("libtorch.so", "libcudart-3eda8113.so.13.0.96"), Accelerator.CUDA),
        (("libtorch.so", "libc10_hip.so", "libcudart.so.13"), Accelerator.ROCM),
        (("libtorch.so", "libsycl.so.8"), Accelerator.XPU),
    ],
)
def test_the_accelerator_of_a_library(
    needed: tuple[str, ...], expected: Accelerator | None, make_wheel: MakeWheel
) -> None:
    (found,) = read_wheel(make_wheel({"a.so": elf(ERROR, needed=needed)})).torch_imports

    assert found.accelerator is expected


def test_a_library_has_the_accelerator_of_the_wheel_if_it_is_the_only_one(
    make_wheel: MakeWheel,
) -> None:
    rocm, cuda = elf(needed=("libamdhip64.so.7",)), elf(needed=("libcudart.so.13",))

    (one,) = read_wheel(make_wheel({"a.so": elf(ERROR), "rocm.so": rocm})).torch_imports
    (two,) = read_wheel(
        make_wheel({"a.so": elf(ERROR), "rocm.so": rocm, "cuda.so": cuda})
    ).torch_imports

    assert (one.accelerator, two.accelerator) == (Accelerator.ROCM, None)


def test_a_wheel_for_musl_is_not_compared(make_wheel: MakeWheel) -> None:
    """Torch has no build for musl on the registry."""
    libc = elf(needed=("libc.musl-x86_64.so.1",))

    (found,) = read_wheel(make_wheel({"a.so": elf(ERROR), "b.so": libc})).torch_imports

    assert found.machine == "x86_64 with musl"
    assert str(compare([found], KNOWN)) == (
        "loads with an unknown Torch: no known one for x86_64 with musl can be compared"
    )


@pytest.mark.parametrize(
    ("name", "head", "reason"),
    [
        ("_C.pyd", b"MZ\x90\0", RefusalReason.PE),
        ("_C.cpython-312-darwin.so", b"\xcf\xfa\xed\xfe", RefusalReason.MACH_O),
    ],
)
def test_a_wheel_for_another_system_is_not_read(
    name: str, head: bytes, reason: RefusalReason, make_wheel: MakeWheel
) -> None:
    facts = read_wheel(make_wheel({f"demo/{name}": head + bytes(100)}))

    assert facts.torch_imports == ()
    assert facts.notes == ["no library could be read in it", f"demo/{name} was not read: {reason}"]


def test_libraries_for_two_machines_are_compared_apart(make_wheel: MakeWheel) -> None:
    facts = read_wheel(make_wheel({"a.so": elf(ERROR), "b.so": elf(SIZE, machine=183)}))

    assert [(each.member, each.machine) for each in facts.torch_imports] == [
        ("a.so", "x86_64"), ("b.so", "aarch64"),
    ]  # fmt: skip
    assert str(compare(facts.torch_imports, KNOWN)) == (
        "loads with Torch 2.9.0; not compared: libraries for aarch64"
    )


def test_many_small_libraries_take_linear_time(make_wheel: MakeWheel) -> None:
    """What is the same for all of them is found once."""

    def read_many(count: int) -> None:
        many = {f"{number}.so": elf(f"_ZN3c101{number}Ev") for number in range(count)}
        found = read_wheel(make_wheel(many)).torch_imports
        loads = compare(found, KNOWN)
        assert len(found) == count
        assert loads is not None
        assert len(loads.unknown) == count

    assert grows_linearly(read_many, 150)


def test_a_million_imports_are_bounded(make_wheel: MakeWheel) -> None:
    """The names that are kept of a wheel have a limit; the library that exceeds it is refused."""
    wheel = make_wheel({"a.so": elf(ERROR), "many.so": hostile.many_symbols(1 << 20, section=0)})
    facts = read_wheel(wheel)
    assert [each.member for each in facts.torch_imports] == ["a.so"]
    assert [each.reason for each in facts.refused] == [RefusalReason.TOO_LARGE]
