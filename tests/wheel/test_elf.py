"""The facts of one ELF file."""

from __future__ import annotations

import dataclasses
import io
import re
import struct
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import given, settings
from hypothesis import strategies as st

from fromager_build_tags.wheel import dynamic_table, elf_file
from fromager_build_tags.wheel.elf import ElfFacts, read_elf
from fromager_build_tags.wheel.elf_file import NAMES, Budget
from fromager_build_tags.wheel.elf_refusal import ElfRefusal, RefusalReason

from . import hostile
from .building import Compiler
from .craft import Shape, elf_without_sections, with_sections


def read(data: bytes) -> ElfFacts | ElfRefusal:
    return read_elf(io.BytesIO(data))


def facts(data: bytes) -> ElfFacts:
    found = read(data)
    assert isinstance(found, ElfFacts), found
    return found


@pytest.fixture(scope="module")
def sample(stand_ins: Compiler) -> Path:
    return stand_ins.library(
        "libsample.so.1",
        exports=["sample_run", "sample_stop"],
        imports=["_ZN3c105ErrorC1Ev", "cudaMalloc"],
        sections=[".nv_fatbin"],
        needs=["libtorch.so", "libcudart.so.13"],
    )


def test_the_facts_of_a_library(sample: Path) -> None:
    found = facts(sample.read_bytes())

    assert found.machine == "x86_64"
    assert found.soname == "libsample.so.1"
    assert found.needed == ("libtorch.so", "libcudart.so.13")
    assert found.imports == {"_ZN3c105ErrorC1Ev", "cudaMalloc"}
    assert {"sample_run", "sample_stop"} <= found.exports
    assert found.device_sections == (".nv_fatbin",)
    assert found.has_sections


def test_it_agrees_with_pyelftools(sample: Path) -> None:
    found = facts(sample.read_bytes())

    with sample.open("rb") as stream:
        elf = ELFFile(stream)
        table = elf.get_section_by_name(".dynamic")
        symbols = elf.get_section_by_name(".dynsym")
        assert isinstance(table, DynamicSection)
        assert isinstance(symbols, SymbolTableSection)
        needed = tuple(getattr(tag, "needed") for tag in table.iter_tags("DT_NEEDED"))  # noqa: B009  # it is set at run time
        undefined = {s.name for s in symbols.iter_symbols() if s["st_shndx"] == "SHN_UNDEF"}
        defined = {s.name for s in symbols.iter_symbols() if s["st_shndx"] != "SHN_UNDEF"}

    assert found.needed == needed
    assert found.imports == undefined - {""}
    assert found.exports == defined - {""}


def test_a_weak_symbol_that_may_stay_open_is_no_import(compiler: Compiler) -> None:
    """Torch's own libraries leave the initialisers of thread-local variables open."""
    library = compiler.library(
        "libweak.so", imports=["_ZTHN3c104flagE"], options=["-Dextern=__attribute__((weak))"]
    )

    assert facts(library.read_bytes()).imports == frozenset()


def test_only_the_names_asked_for_are_kept(sample: Path) -> None:
    data = sample.read_bytes()

    found = read_elf(io.BytesIO(data), keep=re.compile(rb"_Z|sample_s"))

    assert isinstance(found, ElfFacts)
    assert found.imports == {"_ZN3c105ErrorC1Ev"}
    assert found.exports == {"sample_stop"}


def test_a_stripped_library_has_the_same_facts(sample: Path, tmp_path: Path) -> None:
    stripped = tmp_path / "stripped.so"
    subprocess.run(["strip", "-o", str(stripped), str(sample)], check=True)

    assert facts(stripped.read_bytes()) == facts(sample.read_bytes())


def test_debug_information_alone_needs_and_carries_nothing(sample: Path, tmp_path: Path) -> None:
    split = tmp_path / "sample.so.debug"
    subprocess.run(["objcopy", "--only-keep-debug", str(sample), str(split)], check=True)
    found = facts(split.read_bytes())
    assert (found.needed, found.imports, found.exports, found.device_sections) == (
        (),
        frozenset(),
        frozenset(),
        (),
    )
    assert found.has_sections


def test_without_section_headers_symbols_come_from_the_dynamic_table(sample: Path) -> None:
    """Device code cannot be looked for then, and `has_sections` is False."""
    data = bytearray(sample.read_bytes())
    data[0x28:0x30] = bytes(8)  # e_shoff
    data[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx

    found = facts(bytes(data))

    assert found.needed == ("libtorch.so", "libcudart.so.13")
    assert found.imports == {"_ZN3c105ErrorC1Ev", "cudaMalloc"}
    assert found.device_sections == ()
    assert not found.has_sections


def test_more_sections_than_the_header_can_count(sample: Path) -> None:
    """A count of 0 beside an offset (gABI, e_shnum): the file counts as one without sections."""
    data = bytearray(sample.read_bytes())
    data[0x3C:0x40] = b"\0\0\xff\xff"

    expected = dataclasses.replace(
        facts(sample.read_bytes()), device_sections=(), has_sections=False
    )
    assert facts(bytes(data)) == expected


def test_a_32_bit_library(compiler: Compiler) -> None:
    library = compiler.library(
        "lib32.so",
        exports=["here"],
        imports=["there"],
        options=["-m32", "-Wl,--allow-shlib-undefined"],
    )

    found = facts(library.read_bytes())

    assert (found.machine, found.bits) == ("i386", 32)
    assert found.imports - {"_GLOBAL_OFFSET_TABLE_"} == {"there"}
    assert "here" in found.exports


@pytest.mark.parametrize("gnu_hash", [False, True])
@pytest.mark.parametrize(
    ("shape", "machine"),
    [
        (Shape(bits=64, order="<", machine=183), "aarch64"),
        (Shape(bits=64, order=">", machine=22), "s390"),
        (Shape(bits=32, order=">", machine=20), "ppc"),
        (Shape(bits=32, order="<", machine=40), "arm"),
        (Shape(bits=64, order="<", machine=64999), "machine 64999"),
    ],
)
def test_word_sizes_and_byte_orders(shape: Shape, machine: str, gnu_hash: bool) -> None:
    data = elf_without_sections(
        shape,
        needed=["libtorch.so"],
        imports=["_ZN3c105ErrorC1Ev"],
        exports=["here", "there"],
        gnu_hash=gnu_hash,
    )

    found = facts(data)

    assert (found.machine, found.bits) == (machine, shape.bits)
    assert found.needed == ("libtorch.so",)
    assert found.imports == {"_ZN3c105ErrorC1Ev"}
    assert found.exports == {"here", "there"}


@pytest.mark.parametrize("shape", [Shape(bits=64), Shape(bits=32, order=">", machine=20)])
def test_device_code_is_seen_by_the_names_of_sections(shape: Shape) -> None:
    plain = elf_without_sections(shape, needed=[], imports=[])

    found = facts(with_sections(shape, plain, ".nv_fatbin"))

    assert found.device_sections == (".nv_fatbin",)
    assert found.has_sections
    assert facts(with_sections(shape, plain, ".nv_fatbinary")).device_sections == ()


@pytest.mark.parametrize(("machine", "name"), [(190, "cuda"), (224, "amdgpu")])
def test_device_code_is_recognized_by_its_machine(machine: int, name: str) -> None:
    data = elf_without_sections(Shape(machine=machine), needed=[], imports=[])

    assert facts(data).machine == name


HEADER = elf_without_sections(Shape(), needed=["libc.so.6"], imports=["malloc"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", RefusalReason.EMPTY),
        (b"/* GNU ld script */\nGROUP ( libfoo.so.1 )", RefusalReason.LINKER_SCRIPT),
        (b"INPUT(libfoo.so.1)", RefusalReason.LINKER_SCRIPT),
        (bytes.fromhex("cffaedfe") + bytes(60), RefusalReason.MACH_O),
        (bytes.fromhex("cafebabe") + bytes(60), RefusalReason.MACH_O),
        (b"MZ" + bytes(62), RefusalReason.PE),
        (b"#!/bin/sh\n", RefusalReason.NOT_ELF),
        (b"\x7fELF", RefusalReason.TRUNCATED),
        (HEADER[:70], RefusalReason.TRUNCATED),
        (HEADER[:-1], RefusalReason.TRUNCATED),
        (HEADER[:4] + b"\x09" + HEADER[5:], RefusalReason.BROKEN),
        (HEADER[:5] + b"\x07" + HEADER[6:], RefusalReason.BROKEN),
        (HEADER[:54] + b"\x11" + HEADER[55:], RefusalReason.BROKEN),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, reason: RefusalReason) -> None:
    found = read(data)

    assert isinstance(found, ElfRefusal)
    assert found.reason is reason


@pytest.mark.parametrize(
    ("make", "reason", "detail"),
    [
        (hostile.many_dynamic_tables, RefusalReason.BROKEN, "400 dynamic tables"),
        (
            hostile.overlapping_needs,
            RefusalReason.TOO_LARGE,
            "more than 33554432 bytes of names",
        ),
        (
            hostile.many_buckets,
            RefusalReason.TOO_LARGE,
            "8388609 symbols; 2000000 are left of 2000000",
        ),
        (
            partial(hostile.many_symbols, 2_000_001),
            RefusalReason.TOO_LARGE,
            "2000001 symbols; 2000000 are left of 2000000",
        ),
        (
            partial(hostile.many_symbols, 450_000),
            RefusalReason.TOO_LARGE,
            "more than 33554432 bytes of names",
        ),
    ],
    ids=["tables", "needs", "buckets", "symbols", "names"],
)
def test_small_files_that_ask_for_much_are_refused(
    make: Callable[[], bytes], reason: RefusalReason, detail: str
) -> None:
    assert read(make()) == ElfRefusal(reason=reason, detail=detail)


def test_strings_without_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamic_table, "_STRINGS_LIMIT", 20)

    found = read(elf_without_sections(Shape(), needed=["libc.so.6"], imports=["_ZN3c104warnEv"]))

    assert found == ElfRefusal(
        reason=RefusalReason.TOO_LARGE, detail="26 bytes of strings; 20 are read"
    )


def test_long_names_of_sections_are_not_kept() -> None:
    data = hostile.overlapping_sections()
    budget = Budget()

    found = read_elf(io.BytesIO(data), budget=budget)

    assert isinstance(found, ElfFacts)
    assert found.has_sections
    assert NAMES - budget.names < 1_000


def test_a_chain_of_symbols_without_an_end() -> None:
    data = elf_without_sections(Shape(), needed=[], imports=[], exports=["here"], gnu_hash=True)
    table = struct.pack("<3I", 0, 1, 1)  # two buckets, and the chain

    found = read(data.replace(table, struct.pack("<3I", 0, 1 << 20, 1)))

    assert found == ElfRefusal(
        reason=RefusalReason.BROKEN, detail="a chain of symbols without an end"
    )


@pytest.mark.parametrize("zeroed", ["headers", "names", "index"])
def test_zeroed_section_headers_are_none(zeroed: str) -> None:
    """The loader needs none of them; device code cannot be seen without."""
    plain = elf_without_sections(Shape(), needed=["a.so"], imports=["malloc"])
    data = bytearray(with_sections(Shape(), plain, ".nv_fatbin"))
    match zeroed:
        case "headers":
            data[-3 * 64 :] = bytes(3 * 64)
        case "names":
            data[len(plain) : -3 * 64] = bytes(len(data) - 3 * 64 - len(plain))
        case _:
            data[NAMES_AT] = b"\0\0"

    found = facts(bytes(data))

    assert found.needed == ("a.so",)
    assert not found.has_sections


SECTIONS_AT, NAMES_AT = slice(0x28, 0x30), slice(0x3E, 0x40)


def test_section_names_in_a_section_that_is_not_there(sample: Path) -> None:
    data = bytearray(sample.read_bytes())
    data[NAMES_AT] = b"\xf0\x00"

    found = read(bytes(data))

    assert isinstance(found, ElfRefusal)
    assert found.reason is RefusalReason.BROKEN
    assert found.detail.startswith("section names in section 240 of ")


def test_a_dynamic_table_without_bound_is_refused(sample: Path) -> None:
    data = bytearray(sample.read_bytes())
    header = next(at for at in range(64, 64 + 56 * 16, 56) if data[at : at + 4] == b"\2\0\0\0")
    data[header + 32 : header + 40] = (2 << 20).to_bytes(8, "little")

    found = read(bytes(data) + bytes(2 << 20))

    assert found == ElfRefusal(
        reason=RefusalReason.BROKEN, detail="a dynamic table of 2097152 bytes"
    )


@pytest.mark.parametrize(
    ("budget", "detail"),
    [
        (Budget(names=200), "more than 33554432 bytes of names"),
        (Budget(headers=5), "{segments} rows in headers; 5 are left of 400000"),
        (Budget(symbols=5), "{symbols} symbols; 5 are left of 2000000"),
    ],
)
def test_tables_without_bound_are_refused(sample: Path, budget: Budget, detail: str) -> None:
    data = sample.read_bytes()
    with sample.open("rb") as stream:
        elf = ELFFile(stream)
        symbols = elf.get_section_by_name(".dynsym")
        assert isinstance(symbols, SymbolTableSection)
        counts = {"segments": elf.num_segments(), "symbols": symbols.num_symbols()}

    found = read_elf(io.BytesIO(data), budget=budget)

    assert found == ElfRefusal(reason=RefusalReason.TOO_LARGE, detail=detail.format(**counts))


def test_program_headers_far_behind_are_found() -> None:
    shape = Shape()
    plain = elf_without_sections(shape, needed=["libtorch.so"], imports=["_ZN3c105ErrorC1Ev"])
    moved = 5 << 20
    table = plain[64 : 64 + 2 * 56]
    data = plain[:0x20] + moved.to_bytes(8, "little") + plain[0x28:]
    data += bytes(moved - len(data)) + table + bytes(8 << 20)

    assert facts(data) == facts(plain)


def test_a_library_without_symbols_to_count() -> None:
    plain = elf_without_sections(Shape(), needed=["libc.so.6"], imports=["malloc"])
    hashless = plain.replace(struct.pack("<Q", 4), struct.pack("<Q", 0x6FFFFFFF))

    found = facts(hashless)

    assert found.needed == ("libc.so.6",)
    assert found.imports == frozenset()


def test_a_library_cut_off_anywhere_is_truncated(sample: Path) -> None:
    """Its section headers are at the end, so that every cut takes some."""
    data = sample.read_bytes()
    for size in range(1, len(data), max(1, len(data) // 97)):
        found = read(data[:size])
        assert isinstance(found, ElfRefusal)
        assert found.reason in {RefusalReason.TRUNCATED, RefusalReason.NOT_ELF}


@pytest.mark.parametrize("length", [4, 15])
def test_a_file_that_ends_in_its_identification_is_truncated(sample: Path, length: int) -> None:
    assert read(sample.read_bytes()[:length]) == ElfRefusal(
        reason=RefusalReason.TRUNCATED, detail=f"16 bytes at 0 of {length}"
    )


def test_tables_in_unusual_places_are_found(sample: Path) -> None:
    """Section headers far behind, or in the middle of a large file."""
    data = bytearray(sample.read_bytes())
    table = int.from_bytes(data[SECTIONS_AT], "little")
    for moved, behind in ((20 << 20, 0), (8 << 20, 12 << 20)):
        data[SECTIONS_AT] = moved.to_bytes(8, "little")
        large = bytes(data) + bytes(moved - len(data)) + bytes(data[table:]) + bytes(behind)
        assert read(large) == facts(sample.read_bytes())


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_mutated_bytes_give_facts_or_a_refusal(sample: Path, data: st.DataObject) -> None:
    """Never a traceback, whatever byte of headers and tables is wrong."""
    mutated = bytearray(sample.read_bytes())
    hot = [range(64 + 56 * 8), _dynamic(mutated), range(len(mutated) - 64 * 20, len(mutated))]
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.one_of([st.sampled_from(part) for part in [*hot, range(len(mutated))]]))
        mutated[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))

    assert isinstance(read(bytes(mutated)), ElfFacts | ElfRefusal)


def _dynamic(elf: bytearray) -> range:
    count = int.from_bytes(elf[0x38:0x3A], "little")
    for at in range(64, 64 + 56 * count, 56):
        if elf[at : at + 4] == b"\x02\0\0\0":
            start = int.from_bytes(elf[at + 8 : at + 16], "little")
            return range(start, start + int.from_bytes(elf[at + 32 : at + 40], "little"))
    raise AssertionError("no dynamic table")


HINTING: Final = b"\0libcuda.so.1\0"
COMMENT: Final = b"AMD clang version 20.0.0git (x roc-7.1.1 2 3)\0"


@pytest.mark.parametrize("shape", [Shape(), Shape(bits=32, order=">", machine=20)])
def test_texts_are_read_in_their_sections(shape: Shape) -> None:
    plain = elf_without_sections(shape, needed=[], imports=["dlopen"])

    def found(section: str, content: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
        result = facts(with_sections(shape, plain, section, content))
        return result.hints, result.rocm

    assert found(".rodata", HINTING + COMMENT) == (("libcuda.so.1",), ())
    assert found(".lrodata", HINTING) == (("libcuda.so.1",), ())
    assert found(".comment", HINTING + COMMENT) == ((), ("7.1.1",))
    assert found(".data", HINTING + COMMENT) == ((), ())


def test_a_library_without_dlopen_loads_nothing() -> None:
    plain = elf_without_sections(Shape(), needed=[], imports=["my_dlopen", "dlopen2"])

    assert facts(with_sections(Shape(), plain, ".rodata", HINTING)).hints == ()


def test_texts_are_read_as_far_as_the_budget_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = elf_without_sections(Shape(), needed=[], imports=["dlopen"])
    data = with_sections(Shape(), plain, ".rodata", b"." * 100 + HINTING)
    size = 100 + len(HINTING)

    def found(budget: Budget) -> tuple[str, ...]:
        result = read_elf(io.BytesIO(data), budget=budget)
        assert isinstance(result, ElfFacts)
        return result.hints

    budget = Budget(texts=2 * size - 10)
    assert [found(budget) for _ in range(3)] == [("libcuda.so.1",), (), ()]
    assert budget.texts == 0
    monkeypatch.setattr(elf_file, "_READ_ONLY_LIMIT", size - 10)
    assert found(budget := Budget(texts=4 * size)) == ()
    assert budget.texts == 3 * size + 10


@pytest.mark.parametrize("section", [".rodata", ".comment"])
def test_a_section_outside_of_the_file_has_no_text(section: str) -> None:
    plain = elf_without_sections(Shape(), needed=[], imports=["dlopen"])
    data = bytearray(with_sections(Shape(), plain, section, HINTING + COMMENT))
    row = len(data) - 2 * 64
    offset, size = struct.unpack_from("<2Q", data, row + 24)
    assert (offset, size) == (len(plain), len(HINTING + COMMENT))
    for place in ((len(data) + 1, 1 << 62), (1 << 63, 1 << 63)):
        struct.pack_into("<2Q", data, row + 24, *place)
        found = facts(bytes(data))
        assert (found.hints, found.rocm) == ((), ())
