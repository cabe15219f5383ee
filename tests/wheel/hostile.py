"""Small files that ask for a lot: each shape once took many seconds, or hundreds of megabytes."""

from __future__ import annotations

import itertools
import random
import struct

from .craft import Shape, elf_without_sections, with_sections

_LOAD, _DYNAMIC = 1, 2
_NEEDED, _HASH, _STRTAB, _SYMTAB, _STRSZ, _RELOCATIONS = 1, 4, 5, 6, 10, 3
_ENTRY, _LETTERS = struct.Struct("<2Q"), b"abcdefghijklmnopqrstuvwxyz012345"


def many_dynamic_tables() -> bytes:
    """Return a library with 400 program headers for one table of a megabyte."""
    return _elf([(_RELOCATIONS, number) for number in range(60_000)], tables=400)


def many_symbols(count: int, *, section: int = 1) -> bytes:
    """Return a library that exports ``torch_…`` many times, or imports it: section 0."""
    names = (b"torch_" + bytes(name) for name in itertools.product(_LETTERS, repeat=5))
    strings = b"\0" + b"\0".join(itertools.islice(names, count)) + b"\0"
    symbols = b"".join(
        struct.pack("<I2BH2Q", 1 + number * 12, 0x12, 0, section, 0, 0) for number in range(count)
    )
    return _elf([], strings=strings, symbols=symbols)


def overlapping_needs() -> bytes:
    """Return a library that needs 60,000 others, with names of 4 KB, out of 64 KB of letters."""
    return _elf([(_NEEDED, number) for number in range(60_000)], strings=_noise(64_200))


def overlapping_sections() -> bytes:
    """Return a library with 60,000 sections whose names are as long."""
    names, count, width = _noise(64_200), 60_000, 64
    plain = bytearray(with_sections(Shape(), elf_without_sections(Shape(), needed=[], imports=[])))
    at = len(plain)
    rows = b"".join(_section(number, 1, 0, 1) for number in range(count - 1))
    table = _section(0, 0, 0, 0) + rows + _section(0, 3, at, len(names))
    plain[0x28:0x30] = struct.pack("<Q", at + len(names))
    plain[0x3A:0x40] = struct.pack("<3H", width, count + 1, count)
    return bytes(plain) + names + table


def many_buckets() -> bytes:
    """Return a library whose hash table claims as many buckets as it has room for."""
    buckets = 8 << 20
    plain = elf_without_sections(Shape(), needed=["a.so"], imports=["malloc"], gnu_hash=True)
    at = plain.index(struct.pack("<4I", 2, 2, 1, 0))
    head = plain[:at] + struct.pack("<I", buckets) + plain[at + 4 :]
    return head + bytes(4 * buckets)


def _noise(length: int) -> bytes:
    return bytes(random.Random(1).choices(_LETTERS, k=length))


def _section(name: int, kind: int, offset: int, size: int) -> bytes:
    return struct.pack("<2I4Q2I2Q", name, kind, 0, 0, offset, size, 0, 0, 0, 0)


def _segment(kind: int, offset: int, size: int) -> bytes:
    return struct.pack("<2I6Q", kind, 4, offset, offset, offset, size, size, 8)


def _elf(
    entries: list[tuple[int, int]],
    *,
    strings: bytes = b"\0",
    symbols: bytes = bytes(24),
    tables: int = 1,
) -> bytes:
    """Return a library of program headers, dynamic table, hash table, strings and symbols."""
    table = 64 + 56 * (1 + tables)
    hashes = table + _ENTRY.size * (len(entries) + 5)
    at = hashes + 8
    rows = [
        *entries,
        (_HASH, hashes),
        (_STRTAB, at),
        (_STRSZ, len(strings)),
        (_SYMTAB, at + len(strings)),
        (0, 0),
    ]
    dynamic = b"".join(itertools.starmap(_ENTRY.pack, rows))
    body = dynamic + struct.pack("<2I", 1, len(symbols) // 24) + strings + symbols
    segments = (
        _segment(_LOAD, 0, table + len(body)) + _segment(_DYNAMIC, table, len(dynamic)) * tables
    )
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = struct.pack("<2HI3QI6H", 3, 62, 1, 0, 64, 0, 0, 64, 56, 1 + tables, 64, 0, 0)
    return ident + header + segments + body
