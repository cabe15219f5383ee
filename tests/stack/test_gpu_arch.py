"""GPU architectures: which are accepted, and which device code runs on them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.stack.gpu_arch import GpuArch, not_covered, refuse_repeated

FORM = "is not a GPU architecture, such as sm_90, sm_90a or gfx942"


@pytest.mark.parametrize(
    ("text", "accelerator", "processor", "features"),
    [
        ("sm_90", "cuda", "sm_90", set()),
        ("sm_90a", "cuda", "sm_90", set()),
        ("sm_100f", "cuda", "sm_100", set()),
        ("gfx942", "rocm", "gfx942", set()),
        ("gfx90a", "rocm", "gfx90a", set()),
        ("gfx1201", "rocm", "gfx1201", set()),
        ("gfx90a:sramecc+:xnack-", "rocm", "gfx90a", {"sramecc+", "xnack-"}),
    ],
)
def test_an_architecture(text: str, accelerator: str, processor: str, features: set[str]) -> None:
    arch = GpuArch.parse(text)
    assert (arch.accelerator, arch.processor) == (accelerator, processor)
    assert arch.features == features
    assert str(arch) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(
            (text, FORM)
            for text in (
                "", "90", "9.0", "sm_9", "sm_1000", "sm_90b", "sm_90af", "SM_90", " sm_90",
                "sm_90\n", "compute_90", "gfx", "gfx9", "gfx94", "gfx942x", "GFX942", "gfx942:",
                "gfx942:xnack", "gfx942:XNACK+", "sm_90:xnack+", "gfx9-4-generic", "sm_٩٠",
            )
        ),
        ("gfx90a:xnack+:sramecc-:xnack-", "has a feature twice: remove one"),
    ],
)  # fmt: skip
def test_what_is_no_architecture(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared
        GpuArch.parse(text)
    assert str(caught.value) == reason


@given(st.text())
def test_any_text_is_an_architecture_or_an_error(text: str) -> None:
    try:
        assert str(GpuArch.parse(text)) == text
    except ValueError as err:
        assert str(err) == FORM  # noqa: PT017 - it may also be accepted


RUNS = [
    ("sm_90", "sm_90"),
    ("sm_90", "sm_90a"),
    ("sm_90a", "sm_90"),
    ("sm_90", "compute_90"),
    ("sm_90", "compute_90a"),
    ("sm_86", "sm_80"),
    ("sm_89", "sm_86"),
    ("sm_103", "sm_100"),
    ("sm_103", "sm_100f"),
    ("sm_103", "compute_100f"),
    ("sm_121", "sm_120"),
    ("sm_120", "compute_75"),
    ("sm_87", "compute_80"),
    ("sm_87", "sm_87"),
    ("gfx942", "gfx942"),
    ("gfx942", "gfx942:sramecc+:xnack-"),
    ("gfx942:xnack-", "gfx942"),
    ("gfx942:xnack-", "gfx942:sramecc+:xnack-"),
    ("gfx950", "gfx9-4-generic"),
    ("gfx942:xnack-", "gfx9-4-generic:xnack-"),
    ("gfx1151", "gfx11-generic"),
    ("gfx942", "amdgcnspirv"),
]
RUNS_NOT = [
    ("sm_80", "sm_86"),
    ("sm_90", "sm_80"),
    ("sm_100", "sm_90"),
    ("sm_120", "sm_100"),
    ("sm_110", "sm_100f"),
    ("sm_103", "sm_100a"),
    ("sm_120", "compute_90a"),
    ("sm_120", "compute_100f"),
    ("sm_80", "compute_90"),
    ("sm_87", "sm_80"),
    ("sm_87", "sm_86"),
    ("sm_89", "sm_87"),
    ("sm_90", "gfx942"),
    ("sm_90", "amdgcnspirv"),
    ("sm_90", ""),
    ("gfx942", "gfx940"),
    ("gfx942:xnack+", "gfx942:sramecc+:xnack-"),
    ("gfx942:xnack+", "gfx9-4-generic:xnack-"),
    ("gfx1201", "gfx11-generic"),
    ("gfx942", "sm_90"),
    ("gfx942", "gfx7-generic"),
    ("gfx942", ""),
]


@pytest.mark.parametrize(("arch", "code"), RUNS)
def test_code_that_runs(arch: str, code: str) -> None:
    assert GpuArch.parse(arch).runs(code)


@pytest.mark.parametrize(("arch", "code"), RUNS_NOT)
def test_code_that_does_not_run(arch: str, code: str) -> None:
    assert not GpuArch.parse(arch).runs(code)


def test_what_is_not_covered() -> None:
    archs = [*map(GpuArch.parse, ("sm_80", "sm_90", "sm_120"))]
    assert not_covered(archs, ["sm_80", "sm_90a"]) == [archs[2]]
    assert not_covered(archs, ["compute_80"]) == []
    assert not_covered(archs, []) == archs


def test_two_of_one_gpu() -> None:
    refuse_repeated([*map(GpuArch.parse, ("gfx90a:xnack+", "gfx90a:xnack-", "gfx90a"))])
    with pytest.raises(ValueError, match=r"^has sm_90 and sm_90a, which name one GPU: remove one$"):
        refuse_repeated([*map(GpuArch.parse, ("sm_80", "sm_90", "sm_90a"))])
