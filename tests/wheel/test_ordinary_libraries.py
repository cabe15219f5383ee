"""Which needed libraries can be of an accelerator that is not known."""

from __future__ import annotations

import pytest
from packaging.metadata import RawMetadata

from fromager_build_tags.wheel.ordinary_libraries import (
    is_common,
    is_system,
    required_packages,
    unexplained,
)

#: Of Ascend, Gaudi, Cambricon, Moore Threads, MetaX, Neuron, TPU, Hygon, Biren, Kunlun.
OTHERS = (
    "libascendcl.so", "libhccl.so", "libge_runner.so", "libacl_op_compiler.so", "libSynapse.so",
    "libhl_logger.so", "libcnrt.so", "libcnnl.so.1", "libmusart.so.1.0", "libmudnn.so.1",
    "libmcruntime.so", "libmcblas.so", "libnrt.so.1", "libtpu.so", "libgalaxyhip.so.5",
    "libbesu.so", "libxpurt.so.1", "libtorch_npu.so", "libatb.so",
)  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_accelerators_are_not_explained(name: str) -> None:
    assert list(unexplained([name], ["torch", "numpy", "typing-extensions"])) == [name]


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("libarrow.so.2500", "pyarrow"),
        ("libarrow_python.so.2500", "pyarrow"),
        ("libmetatensor_torch.so", "metatensor-torch"),
        ("libconsole_bridge.so.1.0", "cmeel-console-bridge"),
        ("libtinyxml2.so.11", "cmeel-tinyxml2"),
        ("libucxx.so", "libucxx-cu12"),
        ("libcasadi.so.3.7", "casadi"),
        ("libtorch_npu.so", "torch-npu"),
    ],
)
def test_a_required_package_explains_its_libraries(name: str, package: str) -> None:
    assert list(unexplained([name], [package])) == []
    assert list(unexplained([name], [])) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "libX11-xcb.so.1", "libxcb-icccm.so.4", "libEGL.so.1", "libGLU.so.1", "libasound.so.2",
        "libQt6Core.so.6", "libQt63DCore.so.6", "libmpi.so.40", "libmpi_cxx.so.40",
        "libibverbs.so.1", "libibumad.so.3", "libuct.so.0", "libtbb.so.12", "libtbbmalloc.so.2",
        "libopenblas64_p-r0-0cf96a72.3.23.dev.so", "libmkl_rt.so.2", "libflexiblas.so.3",
        "liblapack.so.3", "libRblas.so", "libssl.so.3", "libcrypto-2e26efac.so.1.1",
        "libboost_python311.so.1.90.0", "libcairo-gobject.so.2", "libtinfo.so.6", "libccl.so.1",
        "libswscale.so.8", "libprotobuf-lite.so.32", "libpango-1.0.so.0", "libcaffe2_nvrtc.so",
    ],
)  # fmt: skip
def test_common_libraries_are_explained(name: str) -> None:
    assert is_common(name)
    assert list(unexplained([name], [])) == []


def test_systems_torch_and_known_accelerators_are_explained() -> None:
    assert is_system("libpython3.12.so.1.0")
    names = ["libpython3.12.so.1.0", "libc10.so", "libcudart.so.13", "libamdhip64.so.7"]
    assert list(unexplained(names, [])) == []


def test_a_package_that_an_extra_guards_explains_nothing() -> None:
    metadata: RawMetadata = {
        "requires_dist": [
            "PyArrow>=1; python_version > '3'",
            'tbb; extra == "fast"',
            "tiny-xml2 ; (extra=='all')",
            "!bad",
            "A.b_C[extra] (>=1)",
        ]
    }
    assert required_packages(metadata) == {"pyarrow", "a-b-c"}
    assert required_packages({}) == set()
