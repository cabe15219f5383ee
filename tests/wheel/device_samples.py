"""Device code as nvcc and clang store it, with zeros in the place of machine code."""

from __future__ import annotations

import struct
import zlib

from .craft import Shape, elf_without_sections, with_sections

BUNDLE = b"__CLANG_OFFLOAD_BUNDLE__"
HOST = "host-x86_64-unknown-linux-gnu-"
#: The flags of ``sm_90a`` and ``sm_100f``.
SUFFIXES = {"a": 1 << 20, "f": 1 << 21}


def entry(
    code: str, *, kind: int | None = None, head: int = 64, size: int = 40, content: int = 40
) -> bytes:
    """Return an entry of a container: ``sm_90a`` is machine code, ``compute_80`` PTX."""
    prefix, _, number = code.partition("_")
    kind = {"compute": 1, "sm": 2}[prefix] if kind is None else kind
    flags = 0x11 | SUFFIXES.get(number[-1], 0)
    sizes = struct.pack("<2H2I", kind, 0x101, head, size) + struct.pack("<4I", 0, size, 0, 7)
    rest = struct.pack("<3IQ16x", int(number.rstrip("af")), 0, 0, flags)
    return (sizes + rest).ljust(head, b"\0") + bytes(content)


def container(*entries: bytes, magic: int = 0xBA55ED50, head: int = 16, more: int = 0) -> bytes:
    """Return a container; *more* bytes are stated than there are."""
    content = b"".join(entries)
    return struct.pack("<IHHQ", magic, 1, head, len(content) + more) + content


def bundle(*targets: str, count: int | None = None, size: int = 40, more: int = 0) -> bytes:
    """Return a bundle with a code object for each target, behind an empty one of the host."""
    names = [HOST, *(_full(target) for target in targets)]
    start = len(BUNDLE) + 8 + sum(24 + len(name) for name in names)
    table = b"".join(
        struct.pack("<3Q", start + number * size, size * bool(number), len(name)) + name.encode()
        for number, name in enumerate(names)
    )
    count = len(names) if count is None else count
    return BUNDLE + struct.pack("<Q", count) + table + bytes((len(targets) + 1) * size - more)


def _full(target: str) -> str:
    return target if "-amd-" in target else f"hipv4-amdgcn-amd-amdhsa--{target}"


def compressed(
    content: bytes, *, version: int = 3, method: int = 0, packed: bytes | None = None, more: int = 0
) -> bytes:
    """Return a compressed bundle; *more* bytes are stated than there are."""
    packed = zlib.compress(content) if packed is None else packed
    form = {1: "<4sHHIQ", 2: "<4sHHIIQ", 3: "<4sHHQQQ"}[version]
    size = struct.calcsize(form) + len(packed) + more
    sizes = [len(content)] if version == 1 else [size, len(content)]
    return struct.pack(form, b"CCOB", version, method, *sizes, 0) + packed


def library(section: str, content: bytes, *, count: int = 1) -> bytes:
    """Return an ELF file with that section, or with several of the same bytes."""
    elf = elf_without_sections(Shape(), needed=[], imports=[])
    return with_sections(Shape(), elf, section, content, count=count)
