"""For which GPUs a library contains device code, and what cannot be read of it."""

from __future__ import annotations

import io
import struct
import tracemalloc
import types
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.wheel.device import offload_bundle
from fromager_build_tags.wheel.device.device_code import DeviceCode
from fromager_build_tags.wheel.elf import ElfFacts, read_elf
from fromager_build_tags.wheel.elf_file import ENTRIES, Budget
from fromager_build_tags.wheel.elf_refusal import ElfRefusal

from .building import Compiler
from .device_samples import BUNDLE, bundle, compressed, container, entry, library

NV, HIP = ".nv_fatbin", ".hip_fatbin"


def read(section: str, content: bytes, budget: Budget | None = None) -> DeviceCode:
    elf = read_elf(io.BytesIO(library(section, content)), budget=budget, device_code=True)
    assert isinstance(elf, ElfFacts), elf
    [code] = elf.device_code
    return code


@pytest.mark.parametrize(
    ("section", "content", "codes"),
    [
        (NV, container(entry("compute_80"), entry("sm_80")), "sm_80 compute_80"),
        (NV, container(entry("sm_90a"), entry("sm_100f", head=112)), "sm_90a sm_100f"),
        (NV, container(entry("compute_100f", head=80)), "compute_100f"),
        (NV, container(entry("sm_100", kind=0x10)), "sm_100"),
        # code for link-time optimization runs nowhere
        (NV, container(entry("sm_75", kind=8), entry("sm_80")), "sm_80"),
        (NV, container(entry("sm_80")) + container(entry("sm_120")), "sm_80 sm_120"),
        (NV, container(entry("sm_80")) + bytes(9_000) + container(entry("sm_75")), "sm_75 sm_80"),
        (NV, container() + container(entry("sm_75")) + bytes(8), "sm_75"),
        ("__nv_relfatbin", container(entry("sm_70")), "sm_70"),
        (HIP, bundle("gfx942", "gfx90a:sramecc+:xnack-"), "gfx942 gfx90a:sramecc+:xnack-"),
        (HIP, bundle("gfx11-generic", "gfx1151"), "gfx1151 gfx11-generic"),
        (HIP, bundle("hip-amdgcn-amd-amdhsa-unknown-gfx906"), "gfx906"),
        (HIP, bundle("hip-spirv64-amd-amdhsa--amdgcnspirv"), "amdgcnspirv"),
        (HIP, bundle("gfx906") + bytes(4_000) + bundle("gfx1030"), "gfx906 gfx1030"),
        (HIP, bundle("gfx906", size=0) + bundle("gfx1030"), "gfx1030"),  # an empty code object
        *((HIP, compressed(bundle("gfx942"), version=each), "gfx942") for each in (1, 2, 3)),
        (HIP, compressed(bundle("gfx90a")) + bytes(9) + bundle("gfx950"), "gfx90a gfx950"),
        # the table is at the start: of code objects of megabytes, the rest is not inflated
        (HIP, compressed(bundle("gfx942", size=5_000_000)), "gfx942"),
    ],
)
def test_the_architectures_of_a_library(section: str, content: bytes, codes: str) -> None:
    code = read(section, content)
    assert (" ".join(code.codes), code.unknown) == (codes, "")
    assert code.accelerator == ("rocm" if section == HIP else "cuda")


#: Behind them is what is damaged, at 120 and 221.
BEFORE = {NV: container(entry("sm_80")), HIP: bundle("gfx906")}
CODES = {NV: ("sm_80",), HIP: ("gfx906",)}
PACKED = zlib.compress(BEFORE[HIP])


@pytest.mark.parametrize(
    ("section", "damaged", "reason"),
    [
        (NV, b"code", "truncated: 16 bytes at 120 of 124"),
        (NV, container(magic=0x466243B1), "broken: no container at 120"),
        (NV, container(entry("sm_90"), head=15), "broken: no container at 120"),
        (NV, container(entry("sm_90"), more=1), "truncated: 121 bytes at 120 of 240"),
        (NV, container(more=(1 << 64) - 1), f"truncated: {15 + (1 << 64)} bytes at 120 of 136"),
        (
            NV,
            container(entry("sm_90", head=0)),
            "broken: an entry of 0 and 40 bytes at 136, 104 before the end",
        ),
        (
            NV,
            container(entry("sm_90", size=41)),
            "broken: an entry of 64 and 41 bytes at 136, 104 before the end",
        ),
        (NV, container(b"\1" * 40), "truncated: 64 bytes at 136 of 176"),
        (NV, container(entry("sm_90", kind=64)), "broken: entries of an unknown kind: 64"),
        (NV, container(entry("sm_1000")), "broken: entries of an unknown kind: 2"),
        (HIP, b"CC", "broken: no bundle at 221"),
        (HIP, b"code", "broken: no bundle at 221"),
        (HIP, BUNDLE, "truncated: 8 bytes at 245 of 245"),
        (HIP, bundle("gfx942", more=1), "truncated: 221 bytes at 221 of 441"),
        (HIP, bundle("x-amd-sm_90"), "broken: the unknown target 'x-amd-sm_90'"),
        (HIP, bundle("x-amd-\x1b[31m"), "broken: the unknown target 'x-amd-\\x1b[31m'"),
        (HIP, bundle("g" * 300), "broken: a target with a name of 325 bytes at 307"),
        (HIP, bundle(count=10_000), "truncated: 24 bytes at 331 of 347"),
        (HIP, bundle(count=10_001), "broken: a bundle with 10001 targets at 221"),
        (HIP, bundle(count=1 << 40), f"broken: a bundle with {1 << 40} targets at 221"),
        (HIP, bundle(count=2)[:-40], "truncated: 24 bytes at 307 of 307"),
        (HIP, compressed(b"", packed=PACKED[:9], version=1), "truncated: 24 bytes at 0 of 6"),
        (HIP, compressed(b"", packed=b"", more=1), "truncated: 33 bytes at 221 of 253"),
        (HIP, compressed(b"", packed=b""), "broken: a compressed bundle of 32 bytes at 221"),
        (HIP, compressed(b"no bundle"), "truncated: 24 bytes at 0 of 9"),
        (HIP, compressed(b"no bundle of any kind in it"), "broken: no bundle in a compressed one"),
        (HIP, compressed(BEFORE[HIP][:50]), "truncated: 24 bytes at 32 of 50"),
        (
            HIP,
            compressed(b"", packed=b"no zlib"),
            "broken: a compressed bundle: Error -3 while decompressing data: incorrect header "
            "check",
        ),
        (
            HIP,
            compressed(b"", method=2),
            "broken: a bundle that is compressed by the unknown method 2",
        ),
        (HIP, b"CCOB\4\0" + bytes(30), "broken: a compressed bundle of the unknown version 4"),
    ],
)
def test_what_is_damaged_hides_nothing_before(section: str, damaged: bytes, reason: str) -> None:
    code = read(section, BEFORE[section] + damaged)
    assert (code.codes, code.unknown) == (CODES[section], f"{section} is {reason}")


def test_a_section_beyond_the_end_of_its_file() -> None:
    data = library(NV, container(entry("sm_80")))
    size = struct.pack("<Q", 120)
    longer = data.replace(size, struct.pack("<Q", 1 << 40))  # only its header has this size
    elf = read_elf(io.BytesIO(longer), device_code=True)
    assert isinstance(elf, ElfFacts)
    [code] = elf.device_code
    assert (code.codes, code.unknown) == (
        (),
        ".nv_fatbin is truncated: the file ends before byte 4096",
    )


@pytest.mark.parametrize(
    ("sections", "unknown"),
    [
        (
            [NV, HIP],
            {
                "cuda": f"{NV} is truncated: 16 bytes at 0 of 5",
                "rocm": f"{HIP} is broken: no bundle at 0",
            },
        ),
        # code that was linked again
        ([NV, "__nv_relfatbin"], {"cuda": f"{NV} is truncated: 16 bytes at 0 of 5"}),
        (["__nv_relfatbin"], {"cuda": "__nv_relfatbin is truncated: 16 bytes at 0 of 5"}),
    ],
)
def test_the_sections_of_one_library(
    compiler: Compiler, sections: list[str], unknown: dict[str, str]
) -> None:
    path = compiler.library("several.so", sections=sections)
    elf = read_elf(io.BytesIO(path.read_bytes()), device_code=True)
    assert isinstance(elf, ElfFacts)
    assert {each.accelerator: each.unknown for each in elf.device_code} == unknown


def test_thousands_of_sections() -> None:
    data = library(HIP, bundle("gfx942") + b"x", count=5_000)
    elf = read_elf(io.BytesIO(data), budget=Budget(entries=3_001), device_code=True)
    assert isinstance(elf, ElfFacts)
    [code] = elf.device_code
    assert code.codes == ("gfx942",)
    assert code.unknown == "; ".join([".hip_fatbin is broken: no bundle at 221"] * 3)


def test_a_library_without_device_code() -> None:
    elf = read_elf(io.BytesIO(library(".text", b"\0")), device_code=True)
    assert isinstance(elf, ElfFacts)
    assert elf.device_code == ()


def test_it_is_read_only_if_it_is_needed() -> None:
    elf = read_elf(io.BytesIO(library(NV, container(entry("sm_80")))))
    assert isinstance(elf, ElfFacts)
    assert (elf.device_code, elf.device_sections) == ((), (NV,))


@pytest.mark.parametrize(
    ("section", "content", "found", "count", "left"),
    [
        (NV, container(entry("sm_90", size=0, content=0) * 6_000), ("sm_90",), 1, 0),
        (NV, container(entry("sm_90")) + container() * 6_000, ("sm_90",), 1, 0),
        (HIP, bundle("gfx942") * 3_000, ("gfx942",), 3, 2),
        (HIP, compressed(bundle("gfx942")) * 200, ("gfx942",), 50, 18),
        # no more than a table is inflated
        (HIP, compressed(bundle("gfx942", size=5_000_000)) * 200, ("gfx942",), 50, 18),
    ],
)
def test_entries_without_end_take_a_budget(
    section: str, content: bytes, found: tuple[str, ...], count: int, left: int
) -> None:
    data = library(section, content)
    budget = Budget(entries=5_000)
    tracemalloc.start()
    try:
        elf = read_elf(io.BytesIO(data), budget=budget, device_code=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(elf, ElfFacts)
    [code] = elf.device_code
    assert code.codes == found
    assert code.unknown == (
        f"{section} is too large: {count} entries of device code; {left} are left of {ENTRIES}"
    )
    assert peak - len(data) < 1 << 20


def test_zeros_take_the_same_budget() -> None:
    code = read(NV, container(entry("sm_90")) + bytes(6 << 20) + b"x", Budget(entries=5_000))
    assert (code.codes, code.unknown) == (
        ("sm_90",),
        f".nv_fatbin is too large: 1024 entries of device code; 906 are left of {ENTRIES}",
    )


def test_zstd(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module of Python 3.14; a stand-in of another compression, which has its interface."""
    content = compressed(bundle("gfx942", size=100_000), method=1)
    monkeypatch.setattr(offload_bundle, "_zstd", lambda: None)
    code = read(HIP, content)
    assert (code.codes, code.unknown) == (
        (),
        ".hip_fatbin is compressed: zstd can be read by Python 3.14, and by others with "
        "backports.zstd installed",
    )
    zstd = types.SimpleNamespace(ZstdDecompressor=zlib.decompressobj, ZstdError=zlib.error)
    monkeypatch.setattr(offload_bundle, "_zstd", lambda: zstd)
    assert read(HIP, content).codes == ("gfx942",)


def test_the_zstd_of_this_python() -> None:
    if (zstd := offload_bundle._zstd()) is None:
        pytest.skip("no zstd here")
    content = bundle("gfx942", size=1_000_000)
    assert read(HIP, compressed(b"", method=1, packed=zstd.compress(content))).codes == ("gfx942",)
    damaged = read(HIP, compressed(b"", method=1, packed=b"no zstd"))
    assert damaged.unknown.startswith(".hip_fatbin is broken: a compressed bundle: ")


@given(
    section=st.sampled_from([NV, HIP]),
    content=st.sampled_from(
        [
            container(entry("sm_90a"), entry("compute_80")),
            bundle("gfx942:xnack+", "gfx1100"),
            compressed(bundle("gfx942")),
        ]
    ),
    at=st.integers(0, 400),
    new=st.binary(max_size=16),
)
def test_any_bytes_are_read_or_unknown(section: str, content: bytes, at: int, new: bytes) -> None:
    code = read(section, (content[:at] + new + content[at + len(new) :]) or b"\0")
    assert all(name.isprintable() and len(name) < 300 for name in code.codes)


def test_a_library_whose_tables_are_refused() -> None:
    data = library(NV, container(entry("sm_80")))
    assert isinstance(read_elf(io.BytesIO(data[:100]), device_code=True), ElfRefusal)
