"""What a build of Torch exports."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from packaging.version import Version

from fromager_build_tags.errors import InputError
from fromager_build_tags.wheel.archive import WheelError
from fromager_build_tags.wheel.libraries import Accelerator
from fromager_build_tags.wheel.torch.torch_exports import TorchBuild, read_torch
from fromager_build_tags.wheel.torch.torch_table import TorchTable

from .building import WHEEL, MakeWheel
from .craft import Shape, elf_without_sections

ERROR, STREAM, NVSHMEM = "_ZN3c105ErrorC1Ev", "_ZN3c104cuda6streamEv", "_ZN4c10d7nvshmemEv"
TENSOR, WRAP = "_ZNK2at6Tensor4sizeEl", "_Z16THPVariable_WrapRKN2at10TensorBaseE"
X86_64, AARCH64 = 62, 183


def elf(*exports: str, machine: int = X86_64, needed: tuple[str, ...] = ()) -> bytes:
    return elf_without_sections(
        Shape(machine=machine), needed=list(needed), imports=[], exports=[*exports, "malloc"]
    )


LIBRARIES = {
    "libc10.so": elf(ERROR),
    "libtorch_cpu.so": elf(TENSOR),
    "libtorch_python.so": elf(WRAP),
}
FOR_CUDA = {**LIBRARIES, "libc10_cuda.so": elf(STREAM)}


def members(libraries: Mapping[str, bytes], version: str = "2.9.1") -> dict[str, str | bytes]:
    """Return the members of a Torch wheel."""
    info = f"torch-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n"
    inside = {f"torch/lib/{name}": data for name, data in libraries.items()}
    return {**inside, f"{info}/METADATA": metadata, f"{info}/WHEEL": WHEEL}


def read_wheel_of(libraries: Mapping[str, bytes], make_wheel: MakeWheel) -> TorchBuild:
    (found,) = read_torch(make_wheel(members(libraries), plain=True))
    return found


def install(
    site: Path, libraries: Mapping[str, bytes], version: str | None = "'2.9.1+cu130'"
) -> Path:
    folder = site / "torch" / "lib"
    folder.mkdir(parents=True)
    for name, data in libraries.items():
        (folder / name).write_bytes(data)
    if version is not None:
        text = f"import typing\n__version__ = {version}\ndebug = False\n"
        (site / "torch" / "version.py").write_text(text)
    return site


def test_a_torch_wheel(make_wheel: MakeWheel) -> None:
    wheel = make_wheel(members(FOR_CUDA, "2.9.1+cu130"), plain=True)

    assert list(read_torch(wheel)) == [
        TorchBuild(
            version=Version("2.9.1+cu130"),
            machine="x86_64",
            accelerator=Accelerator.CUDA,
            exports=frozenset({ERROR, TENSOR, WRAP, STREAM}),
            common=frozenset({ERROR, TENSOR, WRAP}),
            source=str(wheel),
        )
    ]


@pytest.mark.parametrize(
    ("library", "accelerator"),
    [
        ("libshm.so", None),
        ("libc10_hip.so", Accelerator.ROCM),
        ("libtorch_xpu.so", Accelerator.XPU),
        ("libtorch_cuda_linalg.so", Accelerator.CUDA),
    ],
)
def test_the_accelerator_of_a_build(
    library: str, accelerator: Accelerator | None, make_wheel: MakeWheel
) -> None:
    found = read_wheel_of({**LIBRARIES, library: elf(STREAM)}, make_wheel)

    assert found.accelerator is accelerator
    assert STREAM in found.exports
    assert (STREAM in found.common) is (accelerator is None)


def test_nvshmem_is_of_cuda_builds_only(make_wheel: MakeWheel) -> None:
    found = read_wheel_of({**FOR_CUDA, "libtorch_nvshmem.so": elf(NVSHMEM)}, make_wheel)

    assert NVSHMEM in found.exports
    assert NVSHMEM not in found.common


def test_other_libraries_of_a_torch_wheel_export_nothing(make_wheel: MakeWheel) -> None:
    """An extension finds what the libraries of Torch export that it links, and no more."""
    found = read_wheel_of({**LIBRARIES, "libgomp.so.1": elf(STREAM)}, make_wheel)

    assert STREAM not in found.exports


def test_a_torch_for_musl_is_for_that(make_wheel: MakeWheel) -> None:
    libraries = {**LIBRARIES, "libshm.so": elf(needed=("libc.musl-x86_64.so.1",))}

    assert read_wheel_of(libraries, make_wheel).machine == "x86_64 with musl"


@pytest.mark.parametrize("inside", ["", "torch"])
def test_an_installed_torch(inside: str, tmp_path: Path) -> None:
    folder = install(tmp_path, FOR_CUDA) / inside

    (found,) = read_torch(folder)

    assert found == TorchBuild(
        version=Version("2.9.1+cu130"),
        machine="x86_64",
        accelerator=Accelerator.CUDA,
        exports=frozenset({ERROR, TENSOR, WRAP, STREAM}),
        common=frozenset({ERROR, TENSOR, WRAP}),
        source=str(folder),
    )


def test_a_wheel_and_an_installed_torch_give_the_same_table(
    tmp_path: Path, make_wheel: MakeWheel
) -> None:
    wheel = make_wheel(members(FOR_CUDA), plain=True)
    site = install(tmp_path / "site", FOR_CUDA, "'2.9.1'")

    one, two = (TorchTable.of(read_torch(path)) for path in (wheel, site))

    assert (one.releases, one.masks) == (two.releases, two.masks)


def test_a_folder_of_torch_wheels(tmp_path: Path, make_wheel: MakeWheel) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("2.10.0", "2.9.1"):
        wheel = make_wheel(members(LIBRARIES, version), plain=True)
        shutil.copy(wheel, folder / f"torch-{version}-cp312-cp312-linux_x86_64.whl")
    (folder / "torchvision-0.24.0-cp312-cp312-linux_x86_64.whl").write_text("not read")

    table = TorchTable.of(read_torch(folder))

    assert [str(each.version) for each in table.releases] == ["2.9.1", "2.10.0"]
    assert table.source.count(str(folder)) == 2


@pytest.mark.parametrize(
    ("libraries", "reason"),
    [
        ({}, "it contains no libtorch that exports symbols"),
        ({"libother.so": elf(ERROR)}, "it contains no libtorch that exports symbols"),
        ({"libtorch.so": elf()}, "it contains no libtorch that exports symbols"),
        (
            {**LIBRARIES, "libtorch_cuda.so": elf(STREAM, machine=AARCH64)},
            "its libraries are for aarch64 and x86_64",
        ),
        (
            {**LIBRARIES, "libtorch_cpu.so": elf(TENSOR)[:200]},
            "torch/lib/libtorch_cpu.so cannot be read: truncated",
        ),
        (
            {"c10.dll": b"MZ" + bytes(100), "torch_cpu.dll": b"MZ" + bytes(100)},
            "it is for Windows; only Torch for Linux is compared",
        ),
        (
            {"libc10.dylib": b"\xcf\xfa\xed\xfe" + bytes(100)},
            "it is for macOS; only Torch for Linux is compared",
        ),
    ],
)
def test_a_wheel_that_is_no_torch(
    libraries: dict[str, bytes], reason: str, make_wheel: MakeWheel
) -> None:
    with pytest.raises(WheelError) as error:
        read_wheel_of(libraries, make_wheel)

    assert error.value.reason.startswith(reason)


def test_a_truncated_torch_wheel(make_wheel: MakeWheel) -> None:
    wheel = make_wheel(members(LIBRARIES), plain=True)
    wheel.write_bytes(wheel.read_bytes()[:-100])

    with pytest.raises(WheelError, match="not a zip archive, or truncated"):
        list(read_torch(wheel))


def test_a_torch_wheel_without_a_version(make_wheel: MakeWheel) -> None:
    wheel = make_wheel(members(LIBRARIES, "two"), plain=True)

    with pytest.raises(WheelError, match="its METADATA has no valid Version"):
        list(read_torch(wheel))


def test_a_torch_for_another_machine_is_of_that_machine(make_wheel: MakeWheel) -> None:
    libraries = {"libc10.so": elf(ERROR, machine=AARCH64)}

    assert read_wheel_of(libraries, make_wheel).machine == "aarch64"


@pytest.mark.parametrize("version", ["None", "''", "'two'", f"'{'1' * 65}'", "get()"])
def test_an_installed_torch_without_a_version(version: str, tmp_path: Path) -> None:
    with pytest.raises(WheelError, match=r"its version\.py has no valid __version__"):
        list(read_torch(install(tmp_path, LIBRARIES, version)))


def test_an_installed_torch_with_a_truncated_library(tmp_path: Path) -> None:
    site = install(tmp_path, {**LIBRARIES, "libtorch.so": elf(ERROR)[:200]})

    with pytest.raises(WheelError, match=r"lib/libtorch\.so cannot be read: truncated"):
        list(read_torch(site))


def nothing(folder: Path) -> None:
    """Make no folder."""


def without_version(folder: Path) -> None:
    install(folder, LIBRARIES, None)


@pytest.mark.parametrize("make", [nothing, Path.mkdir, without_version])
def test_a_folder_without_torch(make: Callable[[Path], None], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    make(folder)

    with pytest.raises(InputError) as error:
        list(read_torch(folder))

    message = str(error.value)
    assert message.startswith(f"no Torch in {str(folder)!r} (No such file or directory: ")
    assert message.endswith(
        "): give a Torch wheel, a folder of Torch wheels, or the site-packages of an installed "
        "Torch"
    )
