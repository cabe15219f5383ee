"""The major versions of CUDA and ROCm that have a library's soname."""

from __future__ import annotations

import re
from typing import Final

from .libraries import stem

_SONAME: Final = re.compile(r"\.so\.(\d{1,4})(?![0-9])")
_CALENDAR, _LATER = 1000, 10_000
# Libraries whose major is the toolkit's own; the others have versions of their own.
_SAME_MAJOR: Final = re.compile(
    r"libcudart|libcublas(Lt)?|libnvrtc(-builtins)?|libnvJitLink|libcupti|libnpp\w+|libnvjpeg"
    r"|libnvblas|libnvfatbin|libcuinj64|libaccinj64"
)
# By soname: as in the nvidia-* wheels of CUDA 11 to 13, and in wheels for ROCm 6, 7 and 10.
_CUFFT = {10: range(10, 12), 11: range(12, 13), 12: range(13, _LATER)}
_CUSOLVER = {10: range(10, 12), 11: range(11, 13), 12: range(13, _LATER)}
_HIP = {5: range(5, 6), 6: range(6, 7), 7: range(7, _LATER)}
_OWN_VERSIONS: Final = {
    "libcufft": _CUFFT,
    "libcufftw": _CUFFT,
    "libcusolver": _CUSOLVER,
    "libcusolverMg": _CUSOLVER,
    "libcusparse": {11: range(11, 12), 12: range(12, _LATER)},
    "libamdhip64": _HIP,
    "libhiprtc": _HIP,
    "libhiprtc-builtins": _HIP,
    "libhipblas": {2: range(6, 7), 3: range(7, _LATER)},
    "librocblas": {4: range(6, 7), 5: range(7, _LATER)},
}


def majors_of(name: str) -> range:
    """Return the majors of its stack that have a library's soname; none if it is not known.

    The newest soname has no last major: HIP's is still 7 in ROCm 10, and cuSPARSE's 12 in CUDA 13.

    >>> [majors_of(f"lib{name}") for name in ("cudart-3eda8113.so.13.0.96", "cusolver.so.11")]
    [range(13, 14), range(11, 13)]
    """
    if (version := _SONAME.search(name)) is None:
        return range(0)
    base, number = stem(name), int(version.group(1))
    if _SAME_MAJOR.fullmatch(base):  # libcupti.so.2025.1.0 has the year of a release
        return range(number, number + 1 if number < _CALENDAR else number)
    return _OWN_VERSIONS.get(base, {}).get(number, range(0))
