"""What a wheel depends on, and what proves it."""

from __future__ import annotations

import io
import random
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Buffer
from pathlib import Path

import pytest

from fromager_build_tags.wheel import elf, libraries
from fromager_build_tags.wheel.archive import WheelError
from fromager_build_tags.wheel.elf_file import Budget
from fromager_build_tags.wheel.elf_refusal import RefusalReason
from fromager_build_tags.wheel.evidence import TorchAbi
from fromager_build_tags.wheel.facts import WheelFacts, read_wheel
from fromager_build_tags.wheel.libraries import Accelerator

from . import hostile
from .building import CXX_SYMBOLS, DIST_INFO, METADATA, STABLE_SYMBOLS, Compiler, MakeWheel
from .craft import Shape, elf_without_sections, with_sections


def stacks(facts: WheelFacts) -> dict[Accelerator, list[str]]:
    return {use.accelerator: [str(proof) for proof in use.evidence] for use in facts.accelerators}


def test_cxx_symbols_bind_a_wheel_to_its_torch(stand_ins: Compiler, make_wheel: MakeWheel) -> None:
    library = stand_ins.library(
        "_unstable.so", imports=[*CXX_SYMBOLS, *STABLE_SYMBOLS], needs=["libtorch.so"]
    )

    torch = read_wheel(make_wheel({"demo/_unstable.so": library})).torch

    assert torch.abi is TorchAbi.UNSTABLE
    assert (torch.cxx_symbols, torch.stable_symbols) == (4, 2)
    assert [str(proof) for proof in torch.evidence] == [
        "demo/_unstable.so imports 4 C++ symbols of Torch, as c10::Error",
        "demo/_unstable.so imports 2 functions of Torch's stable ABI, as aoti_torch_get_dim",
        "demo/_unstable.so needs libtorch.so",
    ]


def test_c_functions_alone_do_not(stand_ins: Compiler, make_wheel: MakeWheel) -> None:
    """Both need libtorch.so; only the symbols differ."""
    library = stand_ins.library("_stable.so", imports=STABLE_SYMBOLS, needs=["libtorch.so"])

    torch = read_wheel(make_wheel({"demo/_stable.so": library})).torch

    assert torch.abi is TorchAbi.STABLE
    assert (torch.cxx_symbols, torch.stable_symbols) == (0, 2)


def test_a_link_without_a_symbol_is_no_evidence_of_an_abi(
    stand_ins: Compiler, make_wheel: MakeWheel
) -> None:
    """Torch's extension builder links every extension so; what it calls may be unknown to us."""
    library = stand_ins.library("_linked.so", needs=["libtorch.so"])

    torch = read_wheel(make_wheel({"_linked.so": library})).torch

    assert torch.abi is TorchAbi.LINKED
    assert [str(proof) for proof in torch.evidence] == ["_linked.so needs libtorch.so"]


def test_a_link_beside_the_stable_abi_is_stable(stand_ins: Compiler, make_wheel: MakeWheel) -> None:
    linked = stand_ins.library("_linked.so", needs=["libtorch.so"])
    stable = stand_ins.library("_stable.so", imports=STABLE_SYMBOLS, needs=["libtorch.so"])

    facts = read_wheel(make_wheel({"_linked.so": linked, "_stable.so": stable}))

    assert facts.torch.abi is TorchAbi.STABLE


def test_torch_distributed_alone_binds_a_wheel(stand_ins: Compiler, make_wheel: MakeWheel) -> None:
    """Its namespace is c10d, which is not c10."""
    stand_ins.library("libtorch_c10d.so", exports=["_ZN4c10d12ProcessGroupD2Ev"])
    library = stand_ins.library(
        "_c10d.so", imports=["_ZN4c10d12ProcessGroupD2Ev"], needs=["libtorch_c10d.so"]
    )

    torch = read_wheel(make_wheel({"_c10d.so": library})).torch

    assert torch.abi is TorchAbi.UNSTABLE


def test_one_unstable_library_is_enough(stand_ins: Compiler, make_wheel: MakeWheel) -> None:
    stable = stand_ins.library("_a.so", imports=STABLE_SYMBOLS, needs=["libtorch.so"])
    unstable = stand_ins.library("_b.so", imports=CXX_SYMBOLS[:1], needs=["libtorch.so"])

    facts = read_wheel(make_wheel({"_a.so": stable, "_b.so": unstable}))

    assert facts.torch.abi is TorchAbi.UNSTABLE


def test_symbols_that_the_wheel_has_itself_are_no_imports(
    stand_ins: Compiler, make_wheel: MakeWheel
) -> None:
    """Torch's own wheel does not depend on another Torch."""
    library = stand_ins.library(
        "libtorch_python.so", imports=[*CXX_SYMBOLS, *STABLE_SYMBOLS], needs=["libtorch.so"]
    )
    torch = stand_ins.folder / "libtorch.so"

    facts = read_wheel(make_wheel({"torch/lib/a.so": library, "torch/lib/libtorch.so": torch}))

    assert facts.torch.abi is TorchAbi.NONE
    assert facts.torch.evidence == ()
    assert facts.needed == ()


@pytest.mark.parametrize(
    ("name", "stack"),
    [
        ("libcudart.so.13", Accelerator.CUDA),
        ("libcuda.so.1", Accelerator.CUDA),
        ("libcudart-3eda8113.so.13.0.96", Accelerator.CUDA),
        ("libcudart.3eda8113.so.13", Accelerator.CUDA),
        ("libcudnn_graph.so.9", Accelerator.CUDA),
        ("libnvrtc-builtins-0d6a0ad4.so.12.8", Accelerator.CUDA),
        ("libc10_cuda.so", Accelerator.CUDA),
        ("libamdhip64.so.7", Accelerator.ROCM),
        ("librocblas.so.5", Accelerator.ROCM),
        ("libc10_hip.so", Accelerator.ROCM),
        ("libsycl.so.8", Accelerator.XPU),
        ("librocksdb.so.9", None),
        ("libcurl.so.4", None),
        ("librmm.so", Accelerator.CUDA),
        ("libcudf.so", Accelerator.CUDA),
        ("libcuml++.so", Accelerator.CUDA),
        ("libcutensornet.so.2", Accelerator.CUDA),
        ("librocprofiler-sdk.so.1", Accelerator.ROCM),
        ("libhiptensor.so.0", Accelerator.ROCM),
        ("libur_loader.so.0", Accelerator.XPU),
        ("libnvpl_blas_core.so.0", None),
        ("librapids_logger.so", None),
        ("libhiprtcl.so", None),
        ("libnpy.so", None),
        ("libtorch.so", None),
        ("libnccl-net-plugin.so", None),
        ("libccl.so.1", None),
    ],
)
def test_a_needed_library_is_evidence_of_its_stack(
    stand_ins: Compiler, make_wheel: MakeWheel, name: str, stack: Accelerator | None
) -> None:
    stand_ins.library(name)
    library = stand_ins.library("_c.so", needs=[name])

    facts = read_wheel(make_wheel({"demo/_c.so": library}))

    assert stacks(facts) == ({stack: [f"demo/_c.so needs {name}"]} if stack else {})
    assert facts.needed == (name,)


@pytest.mark.parametrize(
    ("section", "stack"),
    [
        (".nv_fatbin", Accelerator.CUDA),
        (".nvFatBinSegment", Accelerator.CUDA),
        (".hip_fatbin", Accelerator.ROCM),
        (".hipFatBinSegment", Accelerator.ROCM),
        (".nv_debug", None),
        (".note.nv", None),
    ],
)
def test_a_runtime_linked_statically_shows_by_its_device_code(
    compiler: Compiler, make_wheel: MakeWheel, section: str, stack: Accelerator | None
) -> None:
    library = compiler.library("libstatic.so", sections=[section])

    facts = read_wheel(make_wheel({"libstatic.so": library}))

    what = [f"libstatic.so carries device code in {section}"]
    assert stacks(facts) == ({stack: what} if stack else {})


def test_several_stacks_in_one_wheel(stand_ins: Compiler, make_wheel: MakeWheel) -> None:
    cuda = stand_ins.library("_cuda.so", needs=["libcudart.so.13"])
    rocm = stand_ins.library("_rocm.so", needs=["libamdhip64.so.7"])

    facts = read_wheel(make_wheel({"_cuda.so": cuda, "_rocm.so": rocm}))

    assert list(stacks(facts)) == [Accelerator.CUDA, Accelerator.ROCM]


def test_files_of_device_code(make_wheel: MakeWheel) -> None:
    cubin = elf_without_sections(Shape(machine=190), needed=[], imports=[])

    facts = read_wheel(make_wheel({"demo/gemm.cubin": cubin}))

    assert stacks(facts) == {Accelerator.CUDA: ["demo/gemm.cubin is device code for cuda"]}


def test_a_carried_runtime_is_no_need_but_still_a_proof(
    stand_ins: Compiler, make_wheel: MakeWheel
) -> None:
    """auditwheel copies it in under a mangled name; its code runs all the same."""
    name = "libcudart-3eda8113.so.13.0.96"
    runtime = stand_ins.library(name)
    library = stand_ins.library("_c.so", needs=[name])

    facts = read_wheel(make_wheel({"_c.so": library, f"demo.libs/{name}": runtime}))

    assert facts.needed == ()
    assert list(stacks(facts)) == [Accelerator.CUDA]


def test_a_carried_library_is_found_by_its_soname(
    stand_ins: Compiler, make_wheel: MakeWheel
) -> None:
    stand_ins.library("libinner.so.2")
    library = stand_ins.library("_c.so", needs=["libinner.so.2"])

    facts = read_wheel(
        make_wheel({"_c.so": library, "libs/other.so": stand_ins.folder / "libinner.so.2"})
    )

    assert facts.needed == ()


def test_a_runtime_that_nothing_needs_is_carried_and_not_used(
    stand_ins: Compiler, make_wheel: MakeWheel
) -> None:
    """Triton carries libcupti for its profiler, and works with every CUDA."""
    runtime = stand_ins.library("libcupti.so.12")

    facts = read_wheel(make_wheel({"triton/libcupti.so.12": runtime}))

    assert facts.accelerators == ()
    assert [str(proof) for use in facts.carried for proof in use.evidence] == [
        "triton/libcupti.so.12 is a library of cuda"
    ]


def test_a_plugin_of_a_runtime_for_any_machine_is_no_use(make_wheel: MakeWheel) -> None:
    """Intel's OpenMP works without the XPU that its plugins serve, and numpy with MKL needs it."""
    members = {
        "libiomp5.so": crafted(),
        "libomptarget.so": crafted("libur_loader.so.0"),
        "libomptarget.sycl.wrap.so": crafted("libsycl.so.9"),
        "libompd.so": crafted(),
        "libompc.so": crafted(),
    }

    facts = read_wheel(make_wheel(members))

    assert facts.accelerators == facts.needed_accelerators == ()
    assert facts.is_incidental
    assert [str(each) for use in facts.carried for each in use.evidence] == [
        "libomptarget.so needs libur_loader.so.0",
        "libomptarget.sycl.wrap.so needs libsycl.so.9",
    ]


def test_the_note_of_a_pure_wheel(make_wheel: MakeWheel) -> None:
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n"
    facts = read_wheel(make_wheel({"demo.py": "", "demo_pkg-1.0.dist-info/WHEEL": wheel}))

    assert facts.purelib
    assert facts.notes == [
        "pure: it has no code of its own for an accelerator, or compiles it at run time"
    ]


def test_the_note_of_a_platform_wheel_without_libraries(make_wheel: MakeWheel) -> None:
    facts = read_wheel(make_wheel({"demo.py": ""}))

    assert not facts.purelib
    assert facts.notes == ["no library could be read in it"]


def test_requirements_on_torch(make_wheel: MakeWheel) -> None:
    metadata = METADATA + "\n".join(
        [
            "Requires-Dist: torch<2.11,>=2.10",
            "Requires-Dist: Torch==2.10.0; python_version < '3.14'",
            "Requires-Dist: torch>=2.5; extra == 'gpu'",
            "Requires-Dist: torchvision>=0.25",
            "Requires-Dist: not a requirement (at all",
        ]
    )
    facts = read_wheel(make_wheel({"demo_pkg-1.0.dist-info/METADATA": metadata + "\n"}))

    assert (facts.name, str(facts.version)) == ("demo-pkg", "1.0")
    assert facts.requires_torch == (
        "torch<2.11,>=2.10",
        'Torch==2.10.0; python_version < "3.14"',
    )


def requiring(make_wheel: MakeWheel, *requirements: str) -> Path:
    lines = "".join(f"Requires-Dist: {each}\n" for each in requirements)
    return make_wheel({"demo_pkg-1.0.dist-info/METADATA": METADATA + lines})


@pytest.mark.parametrize(
    ("requirements", "reason"),
    [
        (
            ["torch==2.9; " + "(" * 51],
            "its METADATA requires torch with more than 50 parentheses",
        ),
        (
            ["torch[" + "a," * 40_000 + "b]"],
            "its METADATA has 80008 characters of requirements on torch; 65536 are read",
        ),
        (
            [f"torch!=2.{number}" for number in range(10_000)],
            "its METADATA has 128890 characters of requirements on torch; 65536 are read",
        ),
    ],
)
def test_requirements_on_torch_without_bound_are_refused(
    make_wheel: MakeWheel, requirements: list[str], reason: str
) -> None:
    with pytest.raises(WheelError) as caught:
        read_wheel(requiring(make_wheel, *requirements))

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("torch; " + "(" * 50 + "os_name == 'a'" + ")" * 50, ('torch; os_name == "a"',)),
        ("torch; " + "(" * 50, ()),
        ("x; " + "(" * 500, ()),
        ("torchvision; " + "(" * 500, ()),
        ("torch-geometric; " + "(" * 500, ()),
        ("torch.x; " + "(" * 500, ()),
        ("x[" + "a," * 200_000 + "b]", ()),
        (" TORCH (>=2)", ("TORCH>=2",)),
        ("torch@ file:///x", ("torch @ file:///x",)),
    ],
)
def test_only_requirements_on_torch_are_parsed(
    make_wheel: MakeWheel, requirement: str, expected: tuple[str, ...]
) -> None:
    """Nested parentheses end packaging's parser with a RecursionError."""
    assert read_wheel(requiring(make_wheel, requirement)).requires_torch == expected


def test_libraries_share_what_they_may_cost(
    stand_ins: Compiler, make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is too large takes nothing from the next."""
    small = stand_ins.library("_small.so", imports=CXX_SYMBOLS[:1], needs=["libtorch.so"])
    large = hostile.many_symbols(1_000)
    monkeypatch.setattr(libraries, "Budget", lambda: Budget(symbols=1_500))

    facts = read_wheel(make_wheel({"a.so": large, "b.so": large, "c.so": small}))

    assert facts.libraries == 2
    assert [(each.member, each.reason) for each in facts.refused] == [
        ("b.so", RefusalReason.TOO_LARGE)
    ]
    assert facts.torch.abi is TorchAbi.UNSTABLE


def test_libraries_without_bound_are_refused(
    make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "_LIBRARIES_LIMIT", 2)

    read_wheel(make_wheel({"a.so": b"", "b.so": b""}))
    with pytest.raises(WheelError) as caught:
        read_wheel(make_wheel({"a.so": b"", "b.so": b"", "c.so": b""}))

    assert caught.value.reason == "it has more than 2 libraries"


def test_a_full_disk_is_no_damage_of_the_wheel(
    stand_ins: Compiler, make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, data: Buffer, /) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda **_: Full())
    with pytest.raises(WheelError) as caught:
        read_wheel(make_wheel({"a.so": stand_ins.library("_a.so")}))

    assert caught.value.reason == "its member 'a.so' cannot be stored (No space left on device)"


def test_device_code_is_not_inflated(
    make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", None)
    cubin = elf_without_sections(Shape(machine=190), needed=[], imports=[]) + bytes(1 << 20)

    [use] = read_wheel(make_wheel({"demo/gemm.cubin": cubin})).accelerators
    assert str(use.evidence[0]) == "demo/gemm.cubin is device code for cuda"


@pytest.mark.parametrize("gnu_hash", [False, True])
def test_what_a_carried_torch_exports_is_known_without_section_headers(
    make_wheel: MakeWheel, gnu_hash: bool
) -> None:
    symbols = [*CXX_SYMBOLS]
    user = elf_without_sections(Shape(), needed=["libtorch.so"], imports=symbols)
    torch = elf_without_sections(
        Shape(), needed=[], imports=["malloc"], exports=symbols, gnu_hash=gnu_hash
    )

    facts = read_wheel(make_wheel({"a.so": user, "libs/libtorch.so": torch}))

    assert facts.torch.abi is TorchAbi.NONE
    assert facts.without_sections == ("a.so", "libs/libtorch.so")


def test_one_bad_member_never_hides_the_next(stand_ins: Compiler, make_wheel: MakeWheel) -> None:
    good = stand_ins.library("_good.so", needs=["libcudart.so.13"])
    facts = read_wheel(
        make_wheel(
            {
                "a.so": b"",
                "b.so": b"INPUT(libb.so.1)",
                "c.dylib": bytes.fromhex("cffaedfe"),
                "d.so": good.read_bytes()[:500],
                "e.so": good,
            }
        )
    )

    assert [(each.member, each.reason) for each in facts.refused] == [
        ("a.so", RefusalReason.EMPTY),
        ("b.so", RefusalReason.LINKER_SCRIPT),
        ("c.dylib", RefusalReason.MACH_O),
        ("d.so", RefusalReason.TRUNCATED),
    ]
    assert list(stacks(facts)) == [Accelerator.CUDA]
    assert facts.notes[0] == "a.so was not read: empty"


def test_another_architecture_reads_the_same(make_wheel: MakeWheel) -> None:
    library = elf_without_sections(
        Shape(machine=183), needed=["libtorch.so", "libcudart.so.13"], imports=[*CXX_SYMBOLS[:1]]
    )

    facts = read_wheel(make_wheel({"_c.so": library}))

    assert [each.machine for each in facts.hosts] == ["aarch64"]
    assert facts.torch.abi is TorchAbi.UNSTABLE
    assert list(stacks(facts)) == [Accelerator.CUDA]


def test_an_elf_of_gigabytes_stays_in_bounded_memory(stand_ins: Compiler, tmp_path: Path) -> None:
    """A fresh process reads it, so that its peak is its own."""
    wheel = tmp_path / "large-1.0-cp312-cp312-linux_x86_64.whl"
    library = stand_ins.library("_large.so", imports=CXX_SYMBOLS, needs=["libtorch.so"])
    _write_large(wheel, library.read_bytes(), size=1500 << 20)
    script = (
        "import resource, sys, pathlib; from fromager_build_tags.wheel.facts import read_wheel;"
        "facts = read_wheel(pathlib.Path(sys.argv[1]));"
        "print(facts.torch.abi, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    run = subprocess.run(
        [sys.executable, "-c", script, str(wheel)], capture_output=True, text=True, check=True
    )

    abi, peak = run.stdout.split()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert abi == "unstable"
    assert int(peak) < max(300 << 10, before + (100 << 10))


def _write_large(wheel: Path, elf: bytes, *, size: int) -> None:
    """Put the section headers of `elf` behind `size` bytes, which are no zip bomb."""
    table = int.from_bytes(elf[0x28:0x30], "little")
    head = elf[:0x28] + (len(elf) + size).to_bytes(8, "little") + elf[0x30:]
    noise = random.Random(1).randbytes(1 << 16)
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in DIST_INFO.items():
            archive.writestr(name, text)
        with archive.open("_large.so", "w", force_zip64=True) as stream:
            stream.write(head)
            for _ in range(size >> 20):
                stream.write(noise + bytes((1 << 20) - len(noise)))
            stream.write(elf[table:])


def crafted(*needed: str, section: str = ".text", content: bytes = b"") -> bytes:
    elf = elf_without_sections(Shape(), needed=[*needed], imports=["dlopen"])
    return with_sections(Shape(), elf, section, content)


HINT = crafted(section=".rodata", content=b"\0libcuda.so.1\0libze_loader.so.1\0")


def test_names_for_dlopen_are_hints_by_stack(make_wheel: MakeWheel) -> None:
    ptx = crafted(section=".rodata", content=b"\n.version 8.0\n.target sm_75\n")

    facts = read_wheel(make_wheel({"a.so": HINT, "b.so": ptx}))

    assert facts.accelerators == ()
    assert [(use.accelerator, [str(each) for each in use.evidence]) for use in facts.hints] == [
        (Accelerator.CUDA, ["a.so contains libcuda.so.1", "b.so contains PTX for sm_75"]),
        (Accelerator.XPU, ["a.so contains libze_loader.so.1"]),
    ]


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("x.so", crafted("libamdhip64.so.7")),
        ("x.so", crafted(section=".nv_fatbin")),
        ("x.cubin", elf_without_sections(Shape(machine=190), needed=[], imports=[])),
        ("libcupti.so.12", crafted()),
    ],
    ids=["needed", "device code", "a file of device code", "carried"],
)
def test_what_is_proven_needs_no_hint(make_wheel: MakeWheel, name: str, library: bytes) -> None:
    assert read_wheel(make_wheel({"a.so": HINT, f"b/{name}": library})).hints == ()
    assert read_wheel(make_wheel({f"b/{name}": library, "c.so": HINT})).hints == ()


def test_read_only_data_is_not_searched_once_an_accelerator_is_proven(
    make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[bytes] = []

    def find_hints(data: bytes) -> list[str]:
        searched.append(data)
        return []

    monkeypatch.setattr(elf, "find_hints", find_hints)
    proof = crafted("libcudart.so.13", section=".rodata", content=b"proof")
    read_wheel(make_wheel({"a.so": HINT, "b.so": proof, "c.so": HINT}))

    assert [len(each) for each in searched] == [32, 5]


def test_the_rocm_that_compiled_each_library(make_wheel: MakeWheel) -> None:
    comment = b"AMD clang version 20.0.0git (x roc-7.1.1 2 3)\0"

    facts = read_wheel(make_wheel({"a.so": crafted(section=".comment", content=comment)}))

    assert [(str(version), str(each)) for version, each in facts.rocm] == [
        ("7.1.1", "a.so was compiled by ROCm 7.1.1")
    ]
