"""The bundles of device code that clang makes, ``.hip_fatbin``.

A bundle is a table of targets, then code objects. The table of a compressed bundle is compressed
with them, so the start is inflated.

Source: Clang documentation, "Clang Offload Bundler"; ``llvm/lib/Object/OffloadBundle.cpp``.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Final

from ..elf_refusal import RefusalReason, RefusedError, broken
from .section_data import SectionData

_MAGIC: Final = b"__CLANG_OFFLOAD_BUNDLE__"
_COUNT: Final = struct.Struct("<Q")
#: Offset of the code object, its size, length of the name of the target.
_TARGET: Final = struct.Struct("<3Q")
_TARGETS_LIMIT: Final = 10_000
_NAME_LIMIT: Final = 256
_HOST: Final = b"host-"
_GPU: Final = re.compile(rb".*?-(gfx[0-9a-z-]+(?::[a-z]+[+-])*|amdgcnspirv)")

_COMPRESSED: Final = b"CCOB"
_VERSION: Final = struct.Struct("<4xH")
#: By version: method, and, but of version 1, the size of all.
_HEADERS: Final = {
    1: struct.Struct("<6xH12x"),
    2: struct.Struct("<6xHI12x"),
    3: struct.Struct("<6xHQ16x"),
}
_ZLIB, _ZSTD = 0, 1
#: Bytes that are inflated: a table has 84 for each target.
_TABLE_LIMIT: Final = 16 << 10
#: Bytes that are read for that: a block of zstd has 128 KB at most.
_PACKED_LIMIT: Final = 256 << 10
_PIECE: Final = 16 << 10
#: What inflating takes of the budget, in entries.
_INFLATING: Final = 50


def bundle_codes(data: SectionData) -> Iterator[str]:
    """Yield for each code object its target: ``gfx942:sramecc+:xnack-``, ``gfx11-generic``.

    Raises:
        RefusedError: a bundle is damaged, or compressed in a way that this Python cannot read,
            after those before it.
    """
    at = data.behind_zeros(0)
    while at < data.size:
        start = data.read(at, min(len(_MAGIC), data.size - at))
        if start == _MAGIC:
            targets = [*_targets(data, at)]
            end = max(code_end for _, code_end in targets)
            data.check(at, end - at)
        elif start.startswith(_COMPRESSED):
            table, end = _inflated(data, at)
            targets = [*_targets(table, 0)]
        else:
            raise broken(f"no bundle at {at}")
        yield from (code for code, _ in targets if code)
        at = data.behind_zeros(end)


def _targets(data: SectionData, start: int) -> Iterator[tuple[str, int]]:
    """Yield the target and the end of each code object, "" for the host; last, of the table."""
    if data.read(start, len(_MAGIC)) != _MAGIC:
        raise broken("no bundle in a compressed one")
    [count] = data.unpack(_COUNT, start + len(_MAGIC))
    if count > _TARGETS_LIMIT:
        raise broken(f"a bundle with {count} targets at {start}")
    data.budget.take_entries(1 + count)
    at = start + len(_MAGIC) + _COUNT.size
    for _ in range(count):
        offset, size, length = data.unpack(_TARGET, at)
        if length > _NAME_LIMIT:
            raise broken(f"a target with a name of {length} bytes at {at}")
        name = data.read(at + _TARGET.size, length)
        at += _TARGET.size + length
        yield _gpu(name) if size else "", start + offset + size
    yield "", at


def _gpu(name: bytes) -> str:
    if name.startswith(_HOST):
        return ""
    if (match := _GPU.fullmatch(name)) is None:
        raise broken(f"the unknown target {name.decode('ascii', 'backslashreplace')!r}")
    return match[1].decode()


def _inflated(data: SectionData, at: int) -> tuple[SectionData, int]:
    """Return the start of a compressed bundle, and where it ends."""
    [version] = data.unpack(_VERSION, at)
    if (header := _HEADERS.get(version)) is None:
        raise broken(f"a compressed bundle of the unknown version {version}")
    method, *sizes = data.unpack(header, at)
    size = sizes[0] if sizes else data.size - at
    data.check(at, size)
    if size <= header.size:
        raise broken(f"a compressed bundle of {size} bytes at {at}")
    data.budget.take_entries(_INFLATING)
    start = _inflated_start(data, method, at + header.size, at + size)
    return SectionData(io.BytesIO(start), start=0, size=len(start), budget=data.budget), at + size


def _inflated_start(data: SectionData, method: int, at: int, end: int) -> bytes:
    inflate, error = _inflater(method)
    end = min(end, at + _PACKED_LIMIT)
    found = b""
    try:
        while at < end and (room := _TABLE_LIMIT - len(found)):
            found += inflate(piece := data.read(at, min(_PIECE, end - at)), room)
            at += len(piece)
    except (error, EOFError) as err:
        raise broken(f"a compressed bundle: {err}") from None
    return found


def _inflater(method: int) -> tuple[Callable[[bytes, int], bytes], type[Exception]]:
    """Return a function of packed bytes and the size of the result, and what it raises."""
    if method == _ZLIB:
        return zlib.decompressobj().decompress, zlib.error
    if method != _ZSTD:
        raise broken(f"a bundle that is compressed by the unknown method {method}")
    if (zstd := _zstd()) is None:
        detail = "zstd can be read by Python 3.14, and by others with backports.zstd installed"
        raise RefusedError(RefusalReason.COMPRESSED, detail)
    return zstd.ZstdDecompressor().decompress, zstd.ZstdError


@functools.cache
def _zstd() -> ModuleType | None:
    for name in ("compression.zstd", "backports.zstd"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return None
