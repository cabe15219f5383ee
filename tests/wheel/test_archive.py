"""A wheel that is none, or that would do harm, is refused with its path and the reason."""

from __future__ import annotations

import contextlib
import copy
import io
import re
import struct
import zipfile
from collections.abc import Buffer, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fromager_build_tags.errors import BuildTagError
from fromager_build_tags.wheel import archive
from fromager_build_tags.wheel.archive import WheelArchive, WheelError
from fromager_build_tags.wheel.elf_refusal import RefusalReason
from fromager_build_tags.wheel.facts import read_wheel

from .building import DIST_INFO, METADATA, WHEEL, MakeWheel


def reason(path: Path) -> str:
    with pytest.raises(WheelError) as caught:
        read_wheel(path)
    assert caught.value.path == path
    assert str(caught.value) == f"cannot read the wheel {str(path)!r}: {caught.value.reason}"
    return caught.value.reason


def test_the_error_is_one_of_ours() -> None:
    assert issubclass(WheelError, BuildTagError)


def test_a_missing_file(tmp_path: Path) -> None:
    assert reason(tmp_path / "gone.whl") == "No such file or directory"


def test_a_folder(tmp_path: Path) -> None:
    assert reason(tmp_path) == "Is a directory"


def test_not_a_zip_archive(tmp_path: Path) -> None:
    path = tmp_path / "text.whl"
    path.write_text("no wheel")

    assert reason(path) == "not a zip archive, or truncated (File is not a zip file)"


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_wheel(make_wheel: MakeWheel, part: float) -> None:
    path = make_wheel({"demo.py": "x = 1\n" * 1000})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])

    assert reason(path).startswith("not a zip archive, or truncated")


def test_a_damaged_member(make_wheel: MakeWheel) -> None:
    path = make_wheel({"libdemo.so": b"\x7fELF" + bytes(range(256)) * 64})
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("libdemo.so").header_offset + 30 + len("libdemo.so")
    data = bytearray(path.read_bytes())
    data[start + 8 : start + 24] = b"\xff" * 16
    path.write_bytes(data)

    assert reason(path).startswith("its member 'libdemo.so' is damaged: ")


def test_an_encrypted_member(make_wheel: MakeWheel) -> None:
    path = make_wheel({"demo.py": "x = 1"})
    data = path.read_bytes()
    directory = data.index(b"PK\x01\x02")
    path.write_bytes(data[: directory + 8] + b"\x01" + data[directory + 9 :])

    assert reason(path) == "its member 'demo.py' is encrypted"


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../outside.py", "demo/../../outside.py", "..\\outside.py", "C:\\x.py", "\\x"],
)
def test_a_member_that_lies_outside(make_wheel: MakeWheel, name: str) -> None:
    assert reason(make_wheel({name: "x"})) == f"its member {name!r} lies outside of it"


@pytest.mark.parametrize("name", ["demo/..hidden.py", "demo/a..b.py", "...", "d/e:f.py"])
def test_odd_names_that_stay_inside(make_wheel: MakeWheel, name: str) -> None:
    read_wheel(make_wheel({name: "x"}))


def test_without_dist_info(make_wheel: MakeWheel) -> None:
    path = make_wheel({"demo.py": "x = 1"}, plain=True)

    assert reason(path) == "one dist-info folder expected, found none"


def test_with_two_dist_infos(make_wheel: MakeWheel) -> None:
    path = make_wheel({"other-1.0.dist-info/METADATA": METADATA})

    assert reason(path) == (
        "one dist-info folder expected, found 'demo_pkg-1.0.dist-info', 'other-1.0.dist-info'"
    )


def test_a_dist_info_further_down_is_no_second_one(make_wheel: MakeWheel) -> None:
    read_wheel(make_wheel({"demo/_vendor/other-1.0.dist-info/METADATA": METADATA}))


@pytest.mark.parametrize("file", ["METADATA", "WHEEL"])
def test_without_its_files(make_wheel: MakeWheel, file: str) -> None:
    name = f"demo_pkg-1.0.dist-info/{file}"
    rest = {key: text for key, text in DIST_INFO.items() if key != name}

    assert reason(make_wheel({**rest}, plain=True)) == f"it has no {name!r}"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("Metadata-Version: 2.4\nVersion: 1.0\n", "its METADATA has no Name"),
        (
            "Metadata-Version: 2.4\nName: demo\nVersion: one\n",
            "its METADATA has no valid Version (Invalid version: 'one')",
        ),
    ],
)
def test_metadata_without_name_or_version(
    make_wheel: MakeWheel, metadata: str, expected: str
) -> None:
    assert reason(make_wheel({"demo_pkg-1.0.dist-info/METADATA": metadata})) == expected


@pytest.mark.parametrize(
    ("file", "limit"),
    [("METADATA", 1 << 20), ("WHEEL", 64 << 10), ("fromager-elf-requires.txt", 1 << 20)],
)
def test_a_text_without_bound_is_not_read(make_wheel: MakeWheel, file: str, limit: int) -> None:
    """The largest on the registry have a quarter of that at most."""
    name = f"demo_pkg-1.0.dist-info/{file}"
    text = DIST_INFO.get(name, "")

    read_wheel(make_wheel({name: text.ljust(limit)}))
    assert reason(make_wheel({name: text.ljust(limit + 1)})) == (
        f"its {name!r} has {limit + 1} bytes; {limit} are read"
    )


def test_members_without_bound_are_not_counted_up(
    make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_MEMBERS_LIMIT", 3)

    read_wheel(make_wheel({"demo.py": ""}))
    assert reason(make_wheel({"a.py": "", "b.py": ""})) == "it has 4 members; 3 are read"


def test_a_list_of_members_without_bound_is_not_read(make_wheel: MakeWheel) -> None:
    path = make_wheel({f"{number:03}".ljust(65_000, "x"): "" for number in range(260)})

    assert re.fullmatch(
        r"a damaged zip archive \(its list of members has 169\d{5} bytes; 16777216 are read\)",
        reason(path),
    )


def test_many_dist_infos_are_shortened(make_wheel: MakeWheel) -> None:
    path = make_wheel({f"x{number}-1.dist-info/RECORD": "" for number in range(5)})

    assert reason(path) == (
        "one dist-info folder expected, found 'demo_pkg-1.0.dist-info', 'x0-1.dist-info', "
        "'x1-1.dist-info' and 3 more"
    )


def test_a_future_zip_version(make_wheel: MakeWheel) -> None:
    path = make_wheel({"demo.py": "x = 1"})
    data = path.read_bytes()
    directory = data.index(b"PK\x01\x02")
    path.write_bytes(data[: directory + 6] + b"\xff" + data[directory + 7 :])

    assert reason(path) == "a damaged zip archive (zip file version 25.5)"


def test_two_members_of_one_name(make_wheel: MakeWheel) -> None:
    path = make_wheel({"demo.py": "x = 1", "demo.pz": "x = 2"})
    path.write_bytes(path.read_bytes().replace(b"demo.pz", b"demo.py"))

    assert reason(path) == "it has two members 'demo.py'"


def test_members_that_overlap(tmp_path: Path) -> None:
    """Fifty entries that share one compressed stream: a bomb that is small itself."""
    path = tmp_path / "bomb.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in DIST_INFO.items():
            made.writestr(name, text)
        made.writestr("a.so", bytes(1 << 20))
        shared = made.infolist()[-1]
        for number in range(50):
            entry = copy.copy(shared)
            entry.filename = f"b{number}.so"
            made.filelist.append(entry)

    assert re.fullmatch(r"its members claim \d+ bytes of \d+, so they overlap", reason(path))


def test_a_bomb(make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_BOMB_SIZE", 1 << 20)
    path = make_wheel({"demo/x.so": bytes(2 << 20)})

    unpacked = (2 << 20) + sum(map(len, DIST_INFO.values()))
    assert reason(path) == f"a zip bomb: {unpacked} bytes in {path.stat().st_size}"


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_compression_that_wheels_do_not_use(tmp_path: Path, method: int) -> None:
    """lzma takes as much memory as the archive asks for."""
    path = tmp_path / "demo.whl"
    with zipfile.ZipFile(path, "w", method) as made:
        made.writestr("demo.py", "x = 1")

    assert reason(path) == f"its member 'demo.py' is compressed by method {method}, not deflate"


LOCAL, LISTED = (b"PK\x03\x04", 18), (b"PK\x01\x02", 20)


def with_sizes(path: Path, places: Sequence[tuple[bytes, int]], packed: int, unpacked: int) -> Path:
    """Set other sizes of the first member in these places."""
    data = bytearray(path.read_bytes())
    for magic, offset in places:
        at = data.index(magic) + offset
        data[at : at + 8] = struct.pack("<2I", packed, unpacked)
    path.write_bytes(data)
    return path


def test_a_member_longer_than_its_size(make_wheel: MakeWheel) -> None:
    path = with_sizes(make_wheel({"demo/x.so": b"\x7fELF"}), [LOCAL, LISTED], 6, 3)

    assert reason(path) == "its member 'demo/x.so' is damaged: Bad CRC-32 for file 'demo/x.so'"


@pytest.mark.parametrize("places", [[LOCAL], [LISTED]])
def test_sizes_that_are_not_those_of_the_member(
    make_wheel: MakeWheel, places: Sequence[tuple[bytes, int]]
) -> None:
    """As for pip, the list of members counts, and a member ends where its bytes end."""
    path = with_sizes(make_wheel({"demo/x.so": b"\x7fELF"}), places, 6, 9)

    [refused] = read_wheel(path).refused
    assert refused.reason is RefusalReason.TRUNCATED


def test_a_local_header_of_another_name(make_wheel: MakeWheel) -> None:
    path = make_wheel({"demo/x.so": b"\x7fELF"})
    path.write_bytes(path.read_bytes().replace(b"demo/x.so", b"demo/y.so", 1))

    assert reason(path) == (
        "its member 'demo/x.so' is damaged: File name in directory 'demo/x.so' and header "
        "b'demo/y.so' differ."
    )


class Pipe(io.RawIOBase):
    """A file that cannot seek, so that sizes go behind the bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer, /) -> int:
        self.data += memoryview(data)
        return memoryview(data).nbytes


@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("piped", [False, True])
def test_sizes_behind_the_bytes_or_in_64_bits(tmp_path: Path, zip64: bool, piped: bool) -> None:
    file = Pipe() if piped else io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in {"demo/x.so": "\x7fELF", **DIST_INFO}.items():
            with made.open(name, "w", force_zip64=zip64) as stream:
                stream.write(text.encode())
    path = tmp_path / "demo.whl"
    path.write_bytes(file.data if isinstance(file, Pipe) else file.getvalue())

    [refused] = read_wheel(path).refused
    assert refused.reason is RefusalReason.TRUNCATED  # all of it was read


def test_a_local_header_behind_the_end(make_wheel: MakeWheel) -> None:
    path = make_wheel({"demo/x.so": b"\x7fELF"})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 42
    data[at : at + 4] = struct.pack("<I", len(data) - 10)
    path.write_bytes(data)

    assert reason(path) == "its member 'demo/x.so' is damaged: Truncated file header"


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutated_bytes_give_facts_or_our_error(make_wheel: MakeWheel, data: st.DataObject) -> None:
    path = make_wheel({"demo/libx.so": b"\x7fELF" + bytes(60), "demo.py": "x = 1"})
    mutated = bytearray(path.read_bytes())
    directory = mutated.index(b"PK\x01\x02")
    for _ in range(data.draw(st.integers(1, 4))):
        everywhere = st.integers(0, len(mutated) - 1)
        at = data.draw(everywhere | st.integers(directory, len(mutated) - 1))
        mutated[at] = data.draw(st.integers(0, 255))
    path.write_bytes(mutated)

    with contextlib.suppress(WheelError):
        read_wheel(path)


def test_what_counts_as_a_library(make_wheel: MakeWheel) -> None:
    elf = b"\x7fELF" + bytes(60)
    path = make_wheel(
        {
            "demo/_c.abi3.so": elf,
            "demo/libx.so.1.2": elf,
            "demo/tool": elf,
            "demo/kernel.cubin": elf,
            "demo/libmac.dylib": b"\xcf\xfa\xed\xfe",
            "demo/script": b"#!/bin/sh",
            "demo/source.py": elf,
            "demo_pkg-1.0.dist-info/RECORD": elf,
            "demo/some.solution": b"text",
        }
    )
    with WheelArchive.open(path) as archive:
        found = [member.name.removeprefix("demo/") for member in archive.libraries()]

    assert found == ["_c.abi3.so", "libx.so.1.2", "tool", "kernel.cubin", "libmac.dylib"]


def test_metadata_and_wheel_are_read(make_wheel: MakeWheel) -> None:
    with WheelArchive.open(make_wheel({"demo.py": ""})) as archive:
        assert archive.metadata()["name"] == "Demo_Pkg"
        assert archive.wheel_metadata()["Tag"] == WHEEL.rpartition("Tag: ")[2].strip()
        assert "demo.py" in [each.name for each in archive.members]
