"""Which symbols are Torch's."""

from __future__ import annotations

import pytest

from fromager_build_tags.wheel.symbols import (
    STABLE,
    TORCH_NAMES,
    UNSTABLE,
    has_old_string,
    readable,
)


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("_ZN3c105ErrorC1ENS_14SourceLocationENSt7__cxx1112basic_stringE", "c10::Error"),
        ("_ZNK3c1010TensorImpl5sizesEv", "c10::TensorImpl::sizes"),
        ("_ZNKR3c1010TensorImpl5sizesEv", "c10::TensorImpl::sizes"),
        ("_ZN2at6native5emptyEv", "at::native::empty"),
        ("_ZN5torch7LibraryD1Ev", "torch::Library"),
        ("_ZTVN5torch8autograd4NodeE", "torch::autograd::Node"),
        ("_ZTIN3c105ErrorE", "c10::Error"),
        ("_ZTSN3c105ErrorE", "c10::Error"),
        ("_ZN6caffe28TypeMeta2idEv", "caffe2::TypeMeta::id"),
        ("_ZN4c10d12ProcessGroupD2Ev", "c10d::ProcessGroup"),
        ("_ZNK4c10d12ProcessGroup4sizeEv", "c10d::ProcessGroup::size"),
        ("_ZTVN4c10d7BackendE", "c10d::Backend"),
        (
            "_ZN8pybind116detail11type_casterIN2at6TensorEvE4loadENS_6handleEb",
            "pybind11::detail::type_caster",
        ),
        ("_ZN10THPPointerI7_objectE4freeEv", "THPPointer"),
        ("_Z16THPVariable_WrapRKN2at10TensorBaseE", "THPVariable_Wrap"),
        ("THPVariableClass", "THPVariableClass"),
    ],
)
def test_symbols_that_change_with_torch(symbol: str, name: str) -> None:
    assert UNSTABLE.match(symbol)
    assert not STABLE.match(symbol)
    assert TORCH_NAMES.match(b"\0" + symbol.encode() + b"\0next", 1)  # in a table of strings
    assert readable(symbol) == name


@pytest.mark.parametrize("digits", [4, 5, 30, 5_000])
def test_a_length_that_is_too_large_ends_the_name(digits: int) -> None:
    assert readable(f"_ZN3c10{'9' * digits}x") == "c10"


@pytest.mark.parametrize("symbol", ["aoti_torch_get_dim", "torch_call_dispatcher"])
def test_symbols_that_stay(symbol: str) -> None:
    assert STABLE.match(symbol)
    assert not UNSTABLE.match(symbol)
    assert TORCH_NAMES.match(symbol.encode())


@pytest.mark.parametrize(
    "symbol",
    [
        "_ZN11torchvision3opsEv",
        "_ZN10torchaudio4initEv",
        "_ZN3ate3fooEv",
        "_ZN4c10x3fooEv",
        "_ZN5c10dd3fooEv",
        "_ZN8pybind116detail11type_casterINS_4listEvE4loadENS_6handleEb",
        "_ZNSt6vectorIN2at6TensorESaIS1_EE9push_backEv",
        "_Z3runN2at6TensorE",
        "_ZN8fbgemm_gpu3runEv",
        "_ZGVZN3c104infoEvE1x",  # a function's own static: defined wherever it is used
        "atexit",
        "torchlight",
        "libtorch_init",
        "THPool",
        "cudaMalloc",
    ],
)
def test_symbols_that_are_not_torchs(symbol: str) -> None:
    assert not UNSTABLE.match(symbol)
    assert not STABLE.match(symbol)
    assert not TORCH_NAMES.match(symbol.encode())


@pytest.mark.parametrize(
    ("symbol", "is_old"),
    [
        ("_ZN3c105ErrorC2ENS_14SourceLocationESs", True),
        ("_ZN3c106detail14torchCheckFailEPKcS2_jRKSs", True),
        ("_ZN2at4cuda9CUDAGraph10debug_dumpERKSs", True),
        (
            "_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
            False,
        ),
        ("_ZN3c1010ClassStateEv", False),
        ("_ZN2at4_ops7isinSs_4callES12_7GlassSsE", False),
        ("_ZN3c103FooILi7EE5GlassEv", False),
        ("_ZTIN3c105ErrorE", False),
        ("torch_Ss", False),
        ("_ZN3c10" + "9" * 5_000, False),
    ],
)
def test_the_string_of_the_old_abi(symbol: str, is_old: bool) -> None:
    assert has_old_string(symbol) is is_old
