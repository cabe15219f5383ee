"""Which dynamic symbols are Torch's, and which of them stay the same from Torch to Torch.

C++ symbols of the namespaces ``c10``, ``at``, ``torch``, ``c10d`` (and ``caffe2``, which libc10
exports) change with any release; so do pybind11's casters of their types, which libtorch_python
exports. The C functions ``aoti_torch_…`` and ``torch_…`` of libtorch's stable ABI
(``torch/csrc/inductor/aoti_torch/c/shim.h``, ``torch/csrc/stable/c/shim.h``) only grow.
"""

from __future__ import annotations

import re

# Itanium C++ ABI, 5.1: "_ZN" opens a nested name, then come qualifiers of "this" (r V K, R O)
# and the length of the outermost namespace; special names (vtable, typeinfo, thunk) precede.
_SPECIAL = r"T[VTISCHW]|GV|GR|Th[n\d]+_|Tv[n\d]+_[n\d]+_|Tc\w+?_"
_NAMESPACE = r"3c10|2at|5torch|4c10d|6caffe2"
_CASTER = rf"8pybind116detail11type_casterIN(?:{_NAMESPACE})"
_CXX = rf"_Z(?:{_SPECIAL})?N[rVK]*[RO]?(?:{_NAMESPACE}|{_CASTER})"
# libtorch_python's own, outside of any namespace: THPVariable_Wrap(at::TensorBase) and the like.
_PYTHON = r"_Z(?:NK?)?\d+THP[A-Z]\w+|THP[A-Z]\w+(?:Class|Type)\b"
_STABLE_NAMES = r"aoti_torch_|torch_"

TORCH_NAMES = re.compile(rf"{_CXX}|{_PYTHON}|{_STABLE_NAMES}".encode())
"""Matches the start of every symbol that this module classifies."""

UNSTABLE = re.compile(rf"{_CXX}|{_PYTHON}")
"""Matches the start of a symbol that binds its importer to one Torch release."""
STABLE = re.compile(_STABLE_NAMES)
"""Matches the start of a symbol of libtorch's stable C interface."""
_NESTED = re.compile(r"_Z[A-Z_n\d]*?N[rVK]*[RO]?(?=\d)")
_GLOBAL = re.compile(r"_Z(?=\d)")
_LENGTH = re.compile(r"\d{1,4}")  # a longer one is no name's, and may be too large for an int
# Substitutions, template parameters, literals, offsets of thunks: their digits are no lengths.
_NUMBERED = re.compile(r"S[0-9A-Z]*_|T\d*_|L[a-z]n?\d+E|[hv]n?\d+_")


def has_old_string(symbol: str) -> bool:
    """Return whether a symbol has a ``std::string`` of the C++ ABI before GCC 5.

    Itanium C++ ABI, 5.1.10: ``Ss`` is ``std::basic_string``; the newer string of libstdc++ is in
    the namespace ``std::__cxx11`` and has no abbreviation.

    >>> has_old_string("_ZN3c105ErrorC2ENS_14SourceLocationESs")
    True
    """
    at = 2 if symbol.startswith("_Z") else len(symbol)
    while at < len(symbol):
        if found := _NUMBERED.match(symbol, at):
            at = found.end()
        elif found := _LENGTH.match(symbol, at):
            at = found.end() + int(found.group())
        elif symbol.startswith("Ss", at):
            return True
        else:
            at += 1
    return False


def readable(symbol: str) -> str:
    """Return the qualified name in a mangled symbol, without its arguments.

    >>> readable("_ZNK3c1010TensorImpl5sizesEv")
    'c10::TensorImpl::sizes'
    """
    names: list[str] = []
    start = _NESTED.match(symbol) or _GLOBAL.match(symbol)
    at = start.end() if start else len(symbol)
    while (length := _LENGTH.match(symbol, at)) is not None:
        at = length.end() + int(length.group())
        if at > len(symbol):
            break
        names.append(symbol[length.end() : at])
    return "::".join(names) or symbol
