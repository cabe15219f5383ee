"""Which majors of its stack have a library's soname."""

from __future__ import annotations

import pytest

from fromager_build_tags.wheel.sonames import majors_of

NONE = range(0)


@pytest.mark.parametrize(
    ("name", "has", "has_not"),
    [
        ("libcudart.so.13", [13], [12, 14]),
        ("libcudart.so.11.0", [11], [12]),
        ("libcublas-3eda8113.so.12.9.1.4", [12], [11, 13]),
        ("libnvrtc.so.11.2", [11], [12]),
        ("libnvrtc-builtins.so.12.9", [12], [13]),
        ("libcupti.so.11.8", [11], [12]),
        ("libcufft.so.10", [10, 11], [12]),
        ("libcufftw.so.11", [12], [11, 13]),
        ("libcufft.so.12", [13, 14], [12]),
        ("libcusolver.so.10", [10, 11], [12]),
        ("libcusolver.so.11", [11, 12], [13]),
        ("libcusolverMg.so.12", [13, 14], [12]),
        ("libcusparse.so.11", [11], [12]),
        ("libcusparse.so.12", [12, 13, 14], [11]),
        ("libamdhip64.so.5", [5], [6]),
        ("libamdhip64.so.6", [6], [5, 7]),
        ("libamdhip64.so.7", [7, 10], [6]),
        ("libhiprtc-builtins.so.7", [7, 10], [6]),
        ("libhipblas.so.2", [6], [7]),
        ("libhipblas.so.3", [7, 10], [6]),
        ("librocblas.so.4", [6], [7]),
        ("librocblas.so.5", [7, 10], [6]),
    ],
)
def test_a_soname_excludes_the_majors_that_do_not_have_it(
    name: str, has: list[int], has_not: list[int]
) -> None:
    majors = majors_of(name)
    assert [major for major in (*has, *has_not) if major in majors] == has


@pytest.mark.parametrize(
    "name",
    [
        "libcupti.so.2025.1.0",  # CUPTI's file: the year of its release
        "libcupti.so",
        "libcudnn.so.9",
        "libcurand.so.10",
        "libcufft.so.99",
        "libMIOpen.so.1",
        "librocsolver.so.0",
        "libsycl.so.8",
        "libz.so.1",
    ],
)
def test_other_sonames_exclude_none(name: str) -> None:
    assert not majors_of(name)
