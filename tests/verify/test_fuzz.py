"""Whatever is in a wheel, verify gives findings: never a traceback, a hang, or a lot of memory.

``VERIFY_FUZZ_CASES=100000 pytest tests/verify/test_fuzz.py`` runs more of them.
"""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import resource
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fromager_build_tags.findings.finding import Finding, Verdict
from fromager_build_tags.report.findings_report import FINDINGS
from fromager_build_tags.verify.exemptions import NO_EXEMPTIONS
from fromager_build_tags.verify.run import WheelSource, verify_wheel

from ..growth import processor_time
from ..wheel import hostile
from ..wheel.craft import Shape, elf_without_sections
from .building import Wheel

pytestmark = pytest.mark.once

CASES: Final = int(os.environ.get("VERIFY_FUZZ_CASES", "600")) // 3
LIMIT: Final = 300 << 20
#: How often the time of an ordinary wheel is little: the slowest takes 8 times as long now.
MOST: Final = 40
TAG: Final = "8_el9.6_cuda13.0_torch2.10.0"
INFO: Final = "demo_pkg-1.0.dist-info"

type Edit = tuple[Literal["byte", "word", "cut", "copy", "zeros"], int, int]

EDITS: Final = st.lists(
    st.tuples(
        st.sampled_from(["byte", "byte", "byte", "word", "cut", "copy", "zeros"]),
        st.integers(0, 255) | st.integers(0, 1 << 20),
        st.integers(0, 255) | st.integers(0, (1 << 64) - 1),
    ),
    min_size=1,
    max_size=8,
)
COMMON: Final = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@contextlib.contextmanager
def bounded_memory() -> Iterator[None]:
    """Let the process have no more than the limit beside what it has: else a MemoryError."""
    pages = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + LIMIT
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def edited(data: bytes, edits: Sequence[Edit], *, from_end: bool = False) -> bytes:
    mutated = bytearray(data)
    for kind, place, value in edits:
        if not mutated:
            break
        at = (-place if from_end else place) % len(mutated)
        match kind:
            case "byte":
                mutated[at] = value & 0xFF
            case "word":
                mutated[at : at + 8] = value.to_bytes(8, "little")
            case "cut":
                del mutated[at:]
            case "copy":
                mutated[at:at] = mutated[value % len(mutated) :][:64]
            case "zeros":
                mutated[at:at] = bytes(value & 0xFFF)
    return bytes(mutated)


def verified(folder: pathlib.Path, data: bytes, filename: str) -> list[Finding]:
    path = folder / filename
    path.write_bytes(data)
    with bounded_memory():
        findings = list(verify_wheel(WheelSource(text=str(path)), lambda _: NO_EXEMPTIONS))
    assert not any(each.remedy.startswith("report it") for each in findings), findings
    return findings


@COMMON
@given(which=st.integers(0, 31), edits=EDITS, from_end=st.booleans())
def test_mutated_elf_files(
    tmp_path: pathlib.Path,
    compiled: Mapping[str, bytes],
    which: int,
    edits: Sequence[Edit],
    from_end: bool,
) -> None:
    bases = [*compiled.values(), *CRAFTED]
    library = edited(bases[which % len(bases)], edits, from_end=from_end)
    wheel = Wheel(tag=TAG, members={"demo/x.so": library})
    for finding in verified(tmp_path, wheel.write(tmp_path, {}).read_bytes(), wheel.filename):
        assert finding.message
        assert finding.remedy


CRAFTED: Final = [
    elf_without_sections(
        Shape(bits=bits, order=order), needed=["libtorch.so"], imports=["_ZN3c104warnEv"]
    )
    for bits in (32, 64)
    for order in "<>"
]


@COMMON
@given(edits=EDITS, from_end=st.booleans(), stored=st.booleans())
def test_mutated_archives(
    tmp_path: pathlib.Path,
    edits: Sequence[Edit],
    from_end: bool,
    stored: bool,
) -> None:
    filename = Wheel(tag=TAG).filename
    for finding in verified(tmp_path, edited(ARCHIVES[stored], edits, from_end=from_end), filename):
        assert finding.message


def _archive(*, stored: bool) -> bytes:
    file = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("demo/x.so", CRAFTED[2])
        archive.writestr("demo/unknown", b"x" * 100)
        archive.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: demo-pkg\nVersion: 1\n")
        archive.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\n")
    return file.getvalue()


ARCHIVES: Final = {stored: _archive(stored=stored) for stored in (False, True)}

SEGMENTS: Final = [
    *("cuda13.0", "torch2.10.0", "torch2..1", "torch2", "torch2.x", "TORCH2", "cuda", "rocm", ""),
    *("el9", "cpu", "xpu1", "abi3", "9", ".", "..", "torch2.10.0rc1", "cud13.0", "rocm99999999999"),
]
TEXTS: Final = st.text(max_size=80) | st.sampled_from(
    ["Requires-Dist: torch==2.9", "Requires-Dist: torch @ x", "Build: 8", "Tag: x-any", "Version:"]
)


@COMMON
@given(
    metadata=st.lists(TEXTS, max_size=4),
    wheel=st.lists(TEXTS, max_size=4),
    noted=st.binary(max_size=80) | TEXTS.map(str.encode),
    segments=st.lists(
        st.sampled_from(SEGMENTS),
        max_size=4,
    ),
)
def test_mutated_texts(
    tmp_path: pathlib.Path,
    metadata: list[str],
    wheel: list[str],
    noted: bytes,
    segments: list[str],
) -> None:
    base = Wheel(tag="_".join(["8", *segments]))
    made = Wheel(
        tag=base.tag,
        metadata="\n".join(["Name: demo-pkg", "Version: 1.0", *metadata, ""]),
        members={
            f"{INFO}/WHEEL": "\n".join([*wheel, ""]).encode("utf-8", "surrogatepass"),
            f"{INFO}/fromager-elf-requires.txt": noted,
            "demo/x.so": CRAFTED[2],
        },
    )
    verdict = Verdict.of(verified(tmp_path, made.write(tmp_path, {}).read_bytes(), made.filename))
    for render in FINDINGS.values():
        render(verdict)


def _metadata(lines: str) -> Wheel:
    return Wheel(tag=TAG, metadata=f"Name: demo-pkg\nVersion: 1.0\n{lines}")


def _library(make: Callable[[], bytes], copies: int = 1) -> Wheel:
    library = make()
    return Wheel(tag=TAG, members={f"demo/{number}.so": library for number in range(copies)})


EXPENSIVE: Final[Mapping[str, Callable[[], Wheel]]] = {
    "dynamic tables": lambda: _library(hostile.many_dynamic_tables),
    "needs": lambda: _library(hostile.overlapping_needs),
    "needs, again and again": lambda: _library(hostile.overlapping_needs, copies=20),
    "sections": lambda: _library(hostile.overlapping_sections),
    "buckets": lambda: _library(hostile.many_buckets),
    "symbols": lambda: _library(lambda: hostile.many_symbols(1_990_000)),
    "symbols, again and again": lambda: _library(lambda: hostile.many_symbols(400_000), copies=5),
    "bomb": lambda: _library(lambda: bytes(300 << 20)),
    "folded lines": lambda: _metadata("Summary: x\n" + " \n" * 500_000),
    "fields": lambda: _metadata("A: b\n" * 200_000),
    "requirements": lambda: _metadata(
        "".join(f"Requires-Dist: torch==2; os_name == '{number}'\n" for number in range(2_000))
    ),
    "specifiers": lambda: _metadata(f"Requires-Dist: torch {'!=2.1,' * 10_000}!=2.2\n"),
    "extras": lambda: _metadata(f"Requires-Dist: torch[{'a,' * 30_000}b]\n"),
    "markers": lambda: _metadata(f"Requires-Dist: torch; {'os_name or ' * 5_000}os_name\n"),
    "parentheses": lambda: _metadata(f"Requires-Dist: torch; {'(' * 500}\n"),
    "parentheses of another": lambda: _metadata(f"Requires-Dist: x; {'(' * 500}\n"),
}


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> float:
    """The seconds that the verification of a library with many symbols takes in this run."""
    wheel = _library(lambda: hostile.many_symbols(200_000))
    source = WheelSource(text=str(wheel.write(tmp_path_factory.mktemp("ordinary"), {})))
    return processor_time(lambda: list(verify_wheel(source, lambda _: NO_EXEMPTIONS)))


@pytest.mark.parametrize("make", EXPENSIVE.values(), ids=EXPENSIVE)
def test_what_asks_for_much_gets_little(
    tmp_path: pathlib.Path, make: Callable[[], Wheel], ordinary: float
) -> None:
    """Each of these is small, and once took up to two minutes or 2.7 GB."""
    source = WheelSource(text=str(make().write(tmp_path, {})))
    found: list[Finding] = []
    with bounded_memory():
        needed = processor_time(lambda: found.extend(verify_wheel(source, lambda _: NO_EXEMPTIONS)))
    assert needed < MOST * ordinary
    assert found
