"""``merge``: what is in the pool, what its views list, and what is refused."""

from __future__ import annotations

import errno
import hashlib
import html
import json
import os
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from fromager_build_tags.commands import main
from fromager_build_tags.index import open_index
from fromager_build_tags.index.place import parse_place
from fromager_build_tags.index.pool import exchange, merging, publishing
from fromager_build_tags.index.pool.pool_pages import PageFile, project_pages
from fromager_build_tags.index.pool.source_file import SourceFile

from .wheels import fill, names, write_sdist, write_wheel

PURE = "demo-1.0-2-py3-none-any.whl"
PLAT = "-cp312-cp312-linux_x86_64.whl"
TORCH = f"torch-2.10.0-7_el9.6_cuda13.0{PLAT}"

type Content = Mapping[str, bytes]
type Run = Callable[..., Result]


def merge(*args: str, status: int = 0) -> Result:
    inputs = [content(pathlib.Path(each.partition("=")[2])) for each in args]
    result = CliRunner().invoke(main, ["merge", "pool", *args])
    assert result.exit_code == status, f"{result.output}\n{result.exception!r}"
    assert inputs == [content(pathlib.Path(each.partition("=")[2])) for each in args]
    return result


def errors(*args: str) -> list[str]:
    """Return the messages of a merge that writes nothing."""
    before = content(pathlib.Path("pool"))
    result = merge(*args, "--format", "json", status=1)
    assert content(pathlib.Path("pool")) == before
    found = json.loads(result.stdout)["findings"]
    return [f"{each['code']} {each['file']}: {each['message']}" for each in found]


def content(folder: pathlib.Path) -> Content:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def folders(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    """Three folders with a pure wheel in the current folder; nothing else may stay in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("cpu", "cuda", "rocm"):
        fill(tmp_path / name, PURE)
    yield tmp_path
    assert {each for each in names(tmp_path) if each.startswith(".")} == set()


def test_a_wheel_of_several_folders_is_one_file(folders: pathlib.Path) -> None:
    write_wheel(folders / "cuda" / TORCH)
    result = merge("cpu=cpu", "cuda13.0=cuda", "rocm7.1=rocm")
    size = (folders / "cpu" / PURE).stat().st_size
    assert result.stdout.startswith(
        f"pool: 3 views, 4 wheels, 2 distinct: 2 copies saved, {2 * size / 1000:.1f} kB\n"
    )
    assert names(folders / "pool" / "files") == {
        name for wheel in (PURE, TORCH) for name in (wheel, f"{wheel}.metadata")
    }
    assert (folders / "pool" / "files" / TORCH).samefile(folders / "cuda" / TORCH)
    assert {view: names(folders / "pool" / view / "simple") for view in ("cpu", "cuda13.0")} == {
        "cpu": {"index.html", "index.json", "demo"},
        "cuda13.0": {"index.html", "index.json", "demo", "torch"},
    }


def test_pages_list_hashes_and_metadata(folders: pathlib.Path) -> None:
    metadata = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: >=3.9,<4\n"
    path = write_wheel(folders / "cpu" / PURE, {"demo-1.0.dist-info/METADATA": metadata})
    merge("cpu=cpu")
    sha256, of_metadata = (
        hashlib.sha256(each).hexdigest() for each in (path.read_bytes(), metadata)
    )
    assert (folders / "pool" / "files" / f"{PURE}.metadata").read_bytes() == metadata
    page = folders / "pool" / "cpu" / "simple" / "demo"
    assert json.loads((page / "index.json").read_text()) == {
        "meta": {"api-version": "1.1"},
        "name": "demo",
        "versions": ["1.0"],
        "files": [
            {
                "filename": PURE,
                "url": f"../../../files/{PURE}",
                "hashes": {"sha256": sha256},
                "size": path.stat().st_size,
                "requires-python": ">=3.9,<4",
                "core-metadata": {"sha256": of_metadata},
            }
        ],
    }
    assert (
        f'<a href="../../../files/{PURE}#sha256={sha256}" data-requires-python="&gt;=3.9,&lt;4" '
        f'data-core-metadata="sha256={of_metadata}">{PURE}</a><br>\n'
    ) in (page / "index.html").read_text()


def test_hostile_texts_are_escaped() -> None:
    nasty = "\"'><script>&\n"
    file = PageFile(f"demo-1.0+{nasty}.whl", "0" * 64, 1, nasty)
    pages = project_pages(nasty, ["1.0"], [file], depth=3)  # type: ignore[arg-type]
    assert "<script>" not in pages["index.html"]
    assert f'data-requires-python="{html.escape(nasty)}"' in pages["index.html"]
    assert 'href="../../../files/demo-1.0%2B%22%27%3E%3Cscript%3E%26%0A.whl#' in pages["index.html"]
    assert json.loads(pages["index.json"])["name"] == nasty


def test_a_second_merge_adds(folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    before = content(folders / "pool")
    (folders / "pool" / "notes.txt").write_text("kept")
    (folders / "pool" / "latest").symlink_to("cpu")
    page = folders / "pool" / "cpu" / "simple" / "demo" / "index.html"
    inode = page.stat().st_ino
    write_wheel(folders / "cuda" / TORCH)
    assert "1 new wheel, 1 in the pool already" in merge("cuda13.0=cuda").stdout
    after = content(folders / "pool")
    assert {name for name in before if after[name] != before[name]} == {"pool.json"}
    assert (page.stat().st_ino, page.parent.exists()) == (inode, True)
    assert after["notes.txt"] == b"kept"
    assert (folders / "pool" / "latest").readlink() == pathlib.Path("cpu")
    write_wheel(folders / "cpu" / "new-1.0-py3-none-any.whl")
    merge("cpu=cpu")
    assert names(folders / "pool" / "cpu" / "simple") > {"demo", "new"}
    before = content(folders / "pool")
    merge("cpu=cpu")
    assert content(folders / "pool") == before


def test_a_wheel_stays_in_its_old_views(folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    merge("cuda13.0=cuda")
    [wheel] = json.loads((folders / "pool" / "pool.json").read_text())["wheels"]
    assert wheel["views"] == ["cpu", "cuda13.0"]


def test_a_dry_run_writes_nothing(folders: pathlib.Path) -> None:
    result = merge("cpu=cpu", "cuda=cuda", "--dry-run")
    assert result.stdout.startswith("pool would have 2 views, 2 wheels, 1 distinct: 1 copy saved")
    assert not (folders / "pool").exists()


def test_of_equal_wheels_one_is_kept_and_the_others_are_listed(folders: pathlib.Path) -> None:
    for year, name in enumerate(("cpu", "cuda", "rocm"), 2020):
        write_wheel(folders / name / TORCH, date=(year, 1, 1, 0, 0, 0))
    hashes = {
        name: hashlib.sha256((folders / name / TORCH).read_bytes()).hexdigest()
        for name in ("cpu", "cuda", "rocm")
    }
    [kept, *others] = sorted(hashes, key=lambda name: hashes[name])
    result = merge(*(f"{name}={name}" for name in hashes))
    assert (
        "left out, since only the timestamps or the order of the members differ from the kept "
        f"wheel: {', '.join(sorted(f'{name}/{TORCH}' for name in others))}\n"
    ) in result.stdout
    published = folders / "pool" / "files" / TORCH
    assert hashlib.sha256(published.read_bytes()).hexdigest() == hashes[kept]


def test_a_published_wheel_stays_if_an_equal_one_comes(folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    published = (folders / "pool" / "files" / PURE).read_bytes()
    for year in range(2000, 2010):  # one of them has a lower hash
        (folders / "cuda" / PURE).unlink()
        write_wheel(folders / "cuda" / PURE, date=(year, 1, 1, 0, 0, 0))
        merge("cuda=cuda")
        assert (folders / "pool" / "files" / PURE).read_bytes() == published


@pytest.mark.parametrize("published", [False, True])
def test_other_content_is_refused(published: bool, folders: pathlib.Path) -> None:
    write_wheel(folders / "cpu" / TORCH, {"demo.py": b"1"})
    write_wheel(folders / "cuda" / TORCH, {"demo.py": b"2", "extra.py": b""})
    if published:
        merge("cpu=cpu")
    [message] = errors(*(["cuda=cuda"] if published else ["cpu=cpu", "cuda=cuda"]))
    if published:
        text = f"{TORCH} has other content in cuda than in pool/files: demo.py differs; extra.py is"
        assert message == f"BT413 cuda/{TORCH}: {text} in cuda only"
    else:
        assert message.startswith("BT413 ")
        assert message.split(": ")[2].startswith("demo.py differs; extra.py is in cuda only")


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        (PURE, b"PK", "not a zip archive, or truncated (File is not a zip file)"),
        (PURE, b"", "not a zip archive, or truncated (File is not a zip file)"),
    ],
)
def test_a_damaged_wheel_is_refused(
    name: str, body: bytes, expected: str, folders: pathlib.Path
) -> None:
    (folders / "more").mkdir()
    (folders / "more" / name).write_bytes(body)
    assert errors("more=more") == [f"BT341 more/{name}: {expected}"]


def test_a_wheel_without_metadata_is_refused(folders: pathlib.Path) -> None:
    import zipfile

    (folders / "more").mkdir()
    with zipfile.ZipFile(folders / "more" / PURE, "w") as archive:
        archive.writestr("demo-1.0.dist-info/WHEEL", "")
    assert errors("more=more") == [f"BT341 more/{PURE}: it has no 'demo-1.0.dist-info/METADATA'"]


def test_no_symbolic_link_leads_out_of_an_input(folders: pathlib.Path) -> None:
    (folders / "more").mkdir()
    (folders / "more" / TORCH).symlink_to(folders / "cpu" / PURE)
    (folders / "more" / "sub").symlink_to(folders / "cuda")
    fill(folders / "more-secret", PURE)
    (folders / "more" / "secret").symlink_to(folders / "more-secret")
    (folders / "more" / "none-1.0-py3-none-any.whl").symlink_to("none")
    outside = "it is, or lies behind, a symbolic link that leads out of more"
    assert errors("more=more") == [
        "BT341 more/none-1.0-py3-none-any.whl: the link has no target",
        f"BT341 more/secret/{PURE}: {outside}",
        f"BT341 more/sub/{PURE}: {outside}",
        f"BT341 more/{TORCH}: {outside}",
    ]


def test_a_link_inside_an_input_is_its_file(folders: pathlib.Path) -> None:
    (folders / "cpu" / TORCH).symlink_to(PURE)
    merge("cpu=cpu")
    files = folders / "pool" / "files"
    assert not (files / TORCH).is_symlink()
    assert (files / TORCH).samefile(files / PURE)


def test_fromagers_folders_are_read_once(folders: pathlib.Path) -> None:
    repo = folders / "wheels-repo"
    fill(repo / "downloads", PURE)
    fill(repo / "prebuilt", TORCH)
    fill(repo / "build", f"unfinished-1.0{PLAT}")
    (repo / "simple" / "demo").mkdir(parents=True)
    (repo / "simple" / "demo" / PURE).symlink_to(f"../../downloads/{PURE}")
    assert "2 new wheels" in merge("cpu=wheels-repo").stdout


def test_odd_files_are_counted_and_left_out(folders: pathlib.Path) -> None:
    odd = (".DS_Store", "~oo-1.0-py3-none-any.whl", "-.whl", "a b.whl", "x.html")
    for name in odd:
        (folders / "cpu" / name).touch()
    write_sdist(folders / "cpu" / "demo-1.0.tar.gz")
    os.mkfifo(folders / "cpu" / "pipe-1.0-py3-none-any.whl")
    stdout = merge("cpu=cpu").stdout
    assert "skipped: 3 files other than wheels\n" in stdout
    assert stdout.count("warning BT415: ") == 3
    assert names(folders / "pool" / "files") == {PURE, f"{PURE}.metadata"}


def test_the_longest_name_has_no_room_for_metadata(folders: pathlib.Path) -> None:
    name = f"{'d' * (255 - len('-1.0-py3-none-any.whl'))}-1.0-py3-none-any.whl"
    write_wheel(folders / "more" / name)
    merge("more=more")
    assert names(folders / "pool" / "files") == {name}


@pytest.mark.parametrize("error", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_a_copy_where_no_link_is_possible(
    error: int, folders: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "link", refuse)
    merge("cpu=cpu")
    merge("cuda=cuda")
    published = folders / "pool" / "files" / PURE
    assert published.read_bytes() == (folders / "cpu" / PURE).read_bytes()
    assert not published.samefile(folders / "cpu" / PURE)


def test_a_full_disk_is_one_error(folders: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    merge("cpu=cpu")
    before = content(folders / "pool")
    write = pathlib.Path.write_bytes

    def full(path: pathlib.Path, data: bytes) -> int:
        if path.suffix == ".html":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    write_wheel(folders / "cuda" / TORCH)
    result = merge("cuda13.0=cuda", status=1)
    monkeypatch.undo()
    os.chdir(folders)
    where = folders / ".pool.tmp" / "cuda13.0" / "simple" / "index.html"
    assert result.stderr == (
        f"Error: {folders}/pool is not changed: No space left on device ({where})\n"
    )
    assert content(folders / "pool") == before


def test_an_error_in_the_last_step_changes_nothing(
    folders: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No page is written into a file of the old pool, of which the new one has links."""
    merge("cpu=cpu")
    before = content(folders / "pool")

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(publishing, "replace_folder", busy)
    write_wheel(folders / "cpu" / TORCH)
    result = merge("cpu=cpu", status=1)
    assert result.stderr == (f"Error: {folders}/pool is not changed: Device or resource busy\n")
    assert content(folders / "pool") == before


def test_a_wheel_that_changes_while_it_is_merged_is_an_error(
    folders: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = merging.read_metadata
    write_wheel(folders / "more" / TORCH)

    def change(path: str) -> bytes:
        write_wheel(folders / "more" / TORCH, {"demo.py": b""})
        return read(path)

    monkeypatch.setattr(merging, "read_metadata", change)
    result = CliRunner().invoke(main, ["merge", "pool", "more=more"])
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {folders}/pool is not changed: it changed while it was read (more/{TORCH})\n"
    )
    assert not (folders / "pool").exists()


def test_a_file_of_the_same_size_and_time_in_its_place_is_a_change(tmp_path: pathlib.Path) -> None:
    path, other = tmp_path / "old", tmp_path / "other"
    path.write_bytes(b"1")
    file = SourceFile.read(str(path))
    other.write_bytes(b"2")
    os.utime(other, ns=(file.modified, file.modified))
    other.replace(path)
    with pytest.raises(OSError, match="it changed while it was read"):
        file.place(tmp_path / "new")


def test_a_file_that_grows_while_it_is_read_is_an_error(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"1")
    digest = hashlib.file_digest

    def grow(*args: Any) -> Any:
        path.write_bytes(b"12")
        return digest(*args)

    monkeypatch.setattr(hashlib, "file_digest", grow)
    with pytest.raises(OSError, match="it changes while it is read"):
        SourceFile.read(str(path))


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_folder_is_replaced(
    exchanges: bool, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanges:
        monkeypatch.setattr(exchange, "_exchanged", lambda *_: False)
    merge("cpu=cpu")
    merge("cuda=cuda")
    assert json.loads((tmp_path / "pool" / "cuda" / "simple" / "index.json").read_text())


def test_the_next_run_restores_a_pool_between_two_renames(folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    before = content(folders / "pool")
    shutil.copytree("pool", ".pool.tmp")
    (folders / "pool").rename(folders / ".pool.old")
    merge("cpu=cpu")
    assert content(folders / "pool") == before
    shutil.copytree("pool", ".pool.old")
    merge("cpu=cpu")
    assert content(folders / "pool") == before


def test_an_empty_leftover_is_deleted(folders: pathlib.Path) -> None:
    (folders / ".pool.tmp").mkdir()
    merge("cpu=cpu")


def test_a_folder_that_was_no_pool_does_not_become_one(folders: pathlib.Path) -> None:
    old = folders / ".pool.old"
    fill(old, PURE)
    assert merge("cpu=cpu", status=1).stderr == (
        f"Error: {old} is in the way: move it, or delete it\n"
    )
    assert names(old) == {PURE}
    old.rename(folders / "moved")


def test_an_old_pool_that_cannot_be_deleted_is_still_known(
    folders: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its marker is deleted last: the next run deletes the rest."""
    merge("cpu=cpu")

    def refuse(path: pathlib.Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    left = folders / ".pool.tmp"
    assert merge("cpu=cpu", status=1).stderr == (
        f"Error: {folders}/pool is written, but the old one is left at {left}: "
        "Device or resource busy\n"
    )
    monkeypatch.undo()
    os.chdir(folders)
    merge("cpu=cpu")


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_is_in_the_way_is_not_deleted(kind: str, folders: pathlib.Path) -> None:
    path = folders / ".pool.tmp"
    if kind == "file":
        path.touch()
    elif kind == "link":
        path.symlink_to("cpu")
    else:
        fill(path, PURE)
    result = merge("cpu=cpu", status=1)
    assert result.stderr == f"Error: {path} is in the way: move it, or delete it\n"
    assert path.exists()
    path.rename(folders / "moved")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("{}", "'format_version'"),
        ('{"format_version": "2.0"}', "format_version '2.0', this release reads '1.0'"),
        (
            '{"format_version": "1.9", "wheels": [{"filename": "../x", "sha256": ""}]}',
            "'../x' is not the file name of a wheel",
        ),
        (
            f'{{"format_version": "1.0", "wheels": [{{"filename": "{PURE}", "sha256": "x"}}]}}',
            f"a SHA-256 of '{PURE}' is none",
        ),
        (
            f'{{"format_version": "1.0", "wheels": [{{"filename": "{PURE}", "size": 1, '
            f'"sha256": "{"0" * 64}", "views": ["../x"]}}]}}',
            "'../x' is not the name of a view: use lower-case letters, digits, '.', '_' and '-'",
        ),
    ],
)
def test_a_damaged_list_is_an_error(text: str, problem: str, folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    (folders / "pool" / "pool.json").write_text(text)
    result = merge("cpu=cpu", status=1)
    assert result.stderr == (
        f"Error: pool/pool.json is not the list of a pool ({problem}): restore it\n"
    )


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ('"size": 1e999', "size is inf"),
        ('"size": -1', "size is -1"),
        ('"size": true', "size is True"),
        ('"size": "1"', "size is '1'"),
        ('"views": "cpu"', "views is 'cpu'"),
        ('"requires_python": null', "requires_python is None"),
        ('"shared": "no"', "shared is 'no'"),
        ('"labelled": {"sha256": "0", "size": "1"}', "size is '1'"),
        ('"labelled": {"sha256": 0, "size": 1}', "sha256 is 0"),
        (
            r'"requires_python": "\ud800"',
            r"'utf-8' codec can't encode character '\ud800' in position 0: surrogates not allowed",
        ),
        (f'"filename": "\\u001b{"x" * 600}"', f"'\\x1b{'x' * 294}…"),
    ],
)
def test_a_wrong_value_in_the_list_is_an_error(
    edit: str, problem: str, folders: pathlib.Path
) -> None:
    merge("cpu=cpu")
    file = folders / "pool" / "pool.json"
    file.write_text(file.read_text().replace("}\n", f", {edit}}}\n", 1))
    assert merge("cpu=cpu", status=1).stderr == (
        f"Error: pool/pool.json is not the list of a pool ({problem}): restore it\n"
    )


def test_a_file_that_a_pool_lacks_is_not_listed_again(folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    (folders / "pool" / "files" / PURE).unlink()
    for option in ((), ("--dry-run",)):
        result = CliRunner().invoke(main, ["merge", "pool", "cpu=cpu", *option])
        assert result.exit_code == 1
        assert result.stderr == (
            f"Error: pool/files has no {PURE}, which pool.json lists: restore it\n"
        )


@pytest.mark.parametrize(
    "place", ["files", "cpu", "cpu/simple", "cpu/simple/demo", "cpu/simple/demo/index.html"]
)
def test_a_merge_writes_through_no_link_of_a_pool(place: str, folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    linked = folders / "pool" / place
    linked.rename(folders / "outside")
    linked.symlink_to(folders / "outside")
    write_wheel(folders / "cpu" / "demo-1.1-py3-none-any.whl")
    before = content(folders)
    assert merge("cpu=cpu", status=1).stderr == (
        f"Error: {folders}/pool is not changed: {linked} is neither a file nor a folder: "
        "replace it\n"
    )
    assert content(folders) == before


def test_a_merge_waits_for_no_pipe_in_a_pool(folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    page = folders / "pool" / "cpu" / "simple" / "demo" / "index.html"
    page.unlink()
    os.mkfifo(page)
    assert merge("cpu=cpu", status=1).stderr == (
        f"Error: {folders}/pool is not changed: {page} is neither a file nor a folder: replace it\n"
    )


def test_a_stray_file_in_a_pool_is_named(folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    (folders / "pool" / "files" / TORCH).write_text("stray")
    write_wheel(folders / "cuda" / TORCH)
    assert merge("cuda=cuda", status=1).stderr == (
        f"Error: {folders}/pool is not changed: File exists ({folders}/.pool.tmp/files/{TORCH})\n"
    )


@pytest.mark.parametrize(("length", "status"), [(1_000, 0), (1_001, 1)])
def test_a_long_requires_python_is_refused(length: int, status: int, folders: pathlib.Path) -> None:
    """It would be in the list of the pool and on the page of each view."""
    metadata = f"Name: demo\nVersion: 1.0\nRequires-Python: {'>' * length}\n"
    write_wheel(folders / "cpu" / PURE, {"demo-1.0.dist-info/METADATA": metadata.encode()})
    result = merge("cpu=cpu", status=status)
    expected = "its Requires-Python has 1,001 characters; 1,000 are read"
    assert (f"cpu/{PURE}: error BT341: {expected}" in result.stdout) == bool(status)


def test_a_view_of_invalid_names_alone_is_empty(folders: pathlib.Path) -> None:
    (folders / "cpu" / PURE).rename(folders / "cpu" / "demo.whl")
    assert "cpu: error BT416: no wheels for the view cpu" in merge("cpu=cpu", status=1).stdout


def test_a_pool_can_be_no_link_to_itself(folders: pathlib.Path) -> None:
    (folders / "pool").symlink_to("pool")
    assert CliRunner().invoke(main, ["merge", "pool/pool", "cpu=cpu"]).stderr == (
        "Error: pool does not exist: create it, then merge again\n"
    )


def test_foreign_files_are_refused(folders: pathlib.Path) -> None:
    (folders / "pool").mkdir()
    (folders / "pool" / "mine.txt").touch()
    result = merge("cpu=cpu", status=1)
    assert result.stderr == (
        "Error: pool contains 'mine.txt' and no pool.json, so it is not a pool: name a new or "
        "empty folder\n"
    )


def test_a_link_with_the_name_of_a_new_view_is_refused(folders: pathlib.Path) -> None:
    merge("cpu=cpu")
    link = folders / "pool" / "cuda"
    link.symlink_to(folders / "outside")
    assert merge("cuda=cuda", status=1).stderr == (
        f"Error: {folders}/pool is not changed: {link} is neither a file nor a folder: replace it\n"
    )
    assert not (folders / "outside").exists()


def test_an_empty_folder_becomes_a_pool(folders: pathlib.Path) -> None:
    (folders / "pool").mkdir()
    merge("cpu=cpu")
    assert (folders / "pool" / "cpu").is_dir()


@pytest.mark.parametrize(
    ("pool", "place"),
    [
        ("cpu/pool", "cpu"),
        (".", "cpu"),
        ("cpu", "cpu"),
        ("link/pool", "cpu"),
        ("pool", "pool/files"),
    ],
)
def test_overlaps_are_refused(pool: str, place: str, folders: pathlib.Path) -> None:
    (folders / "link").symlink_to("cpu")
    fill(folders / "pool" / "files", PURE)
    result = CliRunner().invoke(main, ["merge", pool, f"cpu={place}"])
    assert result.exit_code == 2
    assert (
        f"Error: {place} and the pool overlap: use folders of which none is inside the other\n"
    ) in result.stderr


def test_a_view_can_have_several_folders(folders: pathlib.Path) -> None:
    write_wheel(folders / "cuda" / TORCH)
    stdout = merge("cuda13.0=cpu", "cuda13.0=cuda").stdout
    assert stdout.startswith("pool: 1 view, 2 wheels, 2 distinct: 0 copies saved, 0 B\n")


def test_our_own_reader_reads_the_pages(folders: pathlib.Path) -> None:
    write_wheel(folders / "cuda" / TORCH)
    merge("cuda13.0=cuda")
    index = open_index(parse_place("pool/files", ""))
    listed = {each.project: [file.filename for file in each.files] for each in index.projects()}
    assert TORCH in listed[canonicalize_name("torch")]


@given(
    order=st.permutations(["cpu", "cuda", "rocm"]),
    years=st.lists(st.integers(2000, 2030), min_size=3, max_size=3),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_bytes_do_not_depend_on_the_order_of_inputs(
    order: list[str], years: list[int], folders: pathlib.Path
) -> None:
    for name, year in zip(("cpu", "cuda", "rocm"), years, strict=True):
        write_wheel(folders / name / TORCH, date=(year, 1, 1, 0, 0, 0))
    made = []
    for names_ in (order, sorted(order)):
        shutil.rmtree("pool", ignore_errors=True)
        merge(*(f"{name}={name}" for name in names_))
        made.append(content(folders / "pool"))
        for path in folders.glob("*/*.whl"):
            os.utime(path, (1, 1))
    assert made[0] == made[1]
