"""ELF files made byte by byte: word sizes and byte orders that no compiler here makes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DYNAMIC_END, _NEEDED, _GNU_HASH, _STRTAB, _SYMTAB, _STRSZ = 0, 1, 0x6FFFFEF5, 5, 6, 10
_HASH = 4
_STRING_TABLE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Word size and byte order."""

    bits: int = 64
    order: str = "<"
    machine: int = 62

    def pack(self, form32: str, form64: str, *values: int) -> bytes:
        return struct.pack(self.order + (form64 if self.bits == 64 else form32), *values)


def elf_without_sections(
    shape: Shape,
    *,
    needed: list[str],
    imports: list[str],
    exports: Sequence[str] = (),
    gnu_hash: bool = False,
) -> bytes:
    """Return a library whose only way to its symbols is the dynamic table."""
    names, strings = _strings([*needed, *imports, *exports])
    first = 1 + len(imports)
    symbols = b"".join(
        _symbol(shape, name, section=int(number >= first))
        for number, name in enumerate([0, *names[len(needed) :]])
    )
    header = shape.pack("16x36x", "16x48x") + b"\0" * (2 * (32 if shape.bits == 32 else 56))
    base = len(header)
    hash_table = (_gnu_hash if gnu_hash else _hash)(shape, first, len(exports))
    at = {"symbols": base, "strings": base + len(symbols)}
    at["hash"] = at["strings"] + len(strings)
    at["dynamic"] = at["hash"] + len(hash_table)
    entries = [(_NEEDED, name) for name in names[: len(needed)]]
    entries += [(_STRTAB, at["strings"]), (_STRSZ, len(strings)), (_SYMTAB, at["symbols"])]
    entries += [(_GNU_HASH if gnu_hash else _HASH, at["hash"]), (_DYNAMIC_END, 0)]
    dynamic = b"".join(shape.pack("2I", "2Q", *entry) for entry in entries)
    size = at["dynamic"] + len(dynamic)
    segments = _segment(shape, _PT_LOAD, 0, size) + _segment(
        shape, _PT_DYNAMIC, at["dynamic"], len(dynamic)
    )
    return _header(shape) + segments + symbols + strings + hash_table + dynamic


def with_sections(
    shape: Shape, elf: bytes, name: str = ".text", content: bytes = b"", *, count: int = 1
) -> bytes:
    """Add section headers: *count* of that name, all with its content, and the names."""
    names = b"\0" + name.encode() + b"\0"
    size = 64 if shape.bits == 64 else 40
    start, elf = len(elf), elf + content
    section = (1, 1, start, len(content)) if content else (1, 1, 0, 1)
    rows = [(0, 0, 0, 0), *[section] * count, (0, _STRING_TABLE, len(elf), len(names))]
    table = b"".join(
        shape.pack("10I", "2I4Q2I2Q", name, kind, 0, 0, at, length, 0, 0, 0, 0)
        for name, kind, at, length in rows
    )
    offset = len(elf) + len(names)
    place, counts = (0x20, 0x2E) if shape.bits == 32 else (0x28, 0x3A)
    head = bytearray(elf)
    head[place : place + shape.bits // 8] = shape.pack("I", "Q", offset)
    head[counts : counts + 6] = struct.pack(shape.order + "3H", size, count + 2, count + 1)
    return bytes(head) + names + table


def _hash(shape: Shape, first: int, exports: int) -> bytes:
    return struct.pack(shape.order + "2I", 1, first + exports)


def _gnu_hash(shape: Shape, first: int, exports: int) -> bytes:
    """Return a table of two buckets, the last one with all of the symbols in its chain."""
    head = struct.pack(shape.order + "4I", 2, first, 1, 0) + shape.pack("I", "Q", 0)
    chain = [0] * (exports - 1) + [1] if exports else []
    return head + struct.pack(f"{shape.order}{2 + exports}I", 0, first if exports else 0, *chain)


def _strings(names: list[str]) -> tuple[list[int], bytes]:
    table, offsets = b"\0", []
    for name in names:
        offsets.append(len(table))
        table += name.encode() + b"\0"
    return offsets, table


def _symbol(shape: Shape, name: int, *, section: int) -> bytes:
    if shape.bits == 64:
        return struct.pack(shape.order + "I2BH2Q", name, 0x10, 0, section, 0, 0)
    return struct.pack(shape.order + "3I2BH", name, 0, 0, 0x10, 0, section)


def _segment(shape: Shape, kind: int, offset: int, size: int) -> bytes:
    if shape.bits == 64:
        return struct.pack(shape.order + "2I6Q", kind, 4, offset, offset, offset, size, size, 8)
    return struct.pack(shape.order + "8I", kind, offset, offset, offset, size, size, 4, 8)


def _header(shape: Shape) -> bytes:
    ident = b"\x7fELF" + bytes([shape.bits // 32, 1 if shape.order == "<" else 2, 1]) + b"\0" * 9
    header, segment = (64, 56) if shape.bits == 64 else (52, 32)
    fields = (3, shape.machine, 1, 0, header, 0, 0, header, segment, 2, 0, 0, 0)
    return ident + shape.pack("2HI3II6H", "2HI3QI6H", *fields)
