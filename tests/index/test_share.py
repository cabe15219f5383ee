"""``share``: what is the same over indexes, what is not, and in which file."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from fromager_build_tags.text import size_text

from .simple_server import Answer, Server, html_index, serve
from .wheels import write_wheel

PURE = "demo-1.0-2-py3-none-any.whl"
NO_ZIP = "not a zip archive, or truncated (File is not a zip file)"
PLAT = "-cp312-cp312-linux_x86_64.whl"

type Run = Callable[..., Result]


@pytest.fixture
def indexes(tmp_path: pathlib.Path) -> list[pathlib.Path]:
    folders = [tmp_path / name for name in ("cpu", "cuda", "rocm")]
    for folder in folders:
        folder.mkdir()
    return folders


def plan(run: Run) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(
        run("share", "cpu", "cuda", "rocm", "--format", "json").stdout
    )
    return made


def test_the_same_bytes_can_be_linked(run: Run, indexes: list[pathlib.Path]) -> None:
    for folder in indexes:
        write_wheel(folder / PURE)
    size = (indexes[0] / PURE).stat().st_size
    made = plan(run)
    assert made["shared"] == [
        {
            "filename": PURE,
            "indexes": ["cpu", "cuda", "rocm"],
            "keep": f"cpu/{PURE}",
            "link": [f"cuda/{PURE}", f"rocm/{PURE}"],
            "replace": [],
            "bytes": 2 * size,
        }
    ]
    assert made["saved"] == {"builds": 2, "bytes": 2 * size}
    assert made["unshared"] == []


def test_timestamps_and_record_make_no_difference(run: Run, indexes: list[pathlib.Path]) -> None:
    for year, folder in enumerate(indexes, 2020):
        record = {"demo-1.0.dist-info/RECORD": f"{year}".encode()}
        write_wheel(folder / PURE, record if year > 2020 else {}, date=(year, 1, 1, 0, 0, 0))
    [shared] = plan(run)["shared"]
    assert shared["link"] == []
    assert (shared["keep"], shared["replace"]) == (f"cpu/{PURE}", [f"cuda/{PURE}", f"rocm/{PURE}"])
    sizes = sum((folder / PURE).stat().st_size for folder in indexes[1:])
    assert shared["bytes"] == sizes


def test_a_file_that_differs_is_named(run: Run, indexes: list[pathlib.Path]) -> None:
    for folder in indexes:
        more = {"extra.py": b""} if folder.name == "rocm" else {}
        write_wheel(folder / PURE, {"demo.py": b"1" if folder.name != "rocm" else b"2", **more})
    made = plan(run)
    [unshared] = made["unshared"]
    difference = "cpu and rocm: demo.py differs; extra.py is in rocm only"
    assert unshared == {"project": "demo", "version": "1.0", "reason": difference}
    [shared] = made["shared"]
    assert (shared["indexes"], shared["link"]) == (["cpu", "cuda"], [f"cuda/{PURE}"])
    assert shared["replace"] == []
    size = size_text((indexes[0] / PURE).stat().st_size)
    assert run("share", "cpu", "cuda", "rocm").stdout.splitlines()[1:] == [
        f"same     {PURE}  1 with the same hash in cpu, cuda ({size})",
        f"differs  demo 1.0                     {difference}",
        f"same in all 3 indexes: 0 wheels, in some: 1 (saves 1 build, {size}); could be the "
        "same: 1; dependent on accelerator or Torch: 0",
    ]
    text = run("share", "cpu", "cuda", "rocm", "--format", "markdown").stdout
    assert f"\n| `differs` | demo 1.0 | {difference} |\n" in text
    assert f"\n| `same` | `{PURE}` | 1 with the same hash in cpu, cuda ({size}) |\n" in text


def test_each_pair_that_differs_is_named(run: Run, indexes: list[pathlib.Path]) -> None:
    for folder in indexes:
        more = {} if folder.name == "cuda" else {"more.py": b""}
        write_wheel(folder / PURE, {"demo.py": folder.name.encode(), **more})
    assert plan(run)["shared"] == []
    difference = (
        "cpu and cuda: demo.py differs; more.py is in cpu only; cpu and rocm: demo.py differs\n"
    )
    assert difference in run("share", "cpu", "cuda", "rocm").stdout


def test_one_file_under_several_names_is_no_copy(run: Run, indexes: list[pathlib.Path]) -> None:
    cpu, cuda, rocm = (folder / PURE for folder in indexes)
    write_wheel(cpu)
    cuda.hardlink_to(cpu)
    rocm.symlink_to(cpu)
    made = plan(run)
    assert (made["shared"], made["linked"]) == ([], 1)
    assert run("share", "cpu", "cuda", "rocm").stdout == (
        "same in all 3 indexes: 1 wheel, already one file: 1 (saves 0 builds, 0 B); could be "
        "the same: 0; dependent on accelerator or Torch: 0\n"
    )
    rocm.unlink()
    write_wheel(rocm)
    made = plan(run)
    assert made["saved"] == {"builds": 1, "bytes": cpu.stat().st_size}
    assert made["shared"][0]["link"] == [f"rocm/{PURE}"]
    for path in (cuda, rocm):
        path.unlink()
    write_wheel(cuda, date=(2020, 1, 1, 0, 0, 0))
    rocm.hardlink_to(cuda)
    made = plan(run)
    assert made["saved"] == {"builds": 1, "bytes": cuda.stat().st_size}
    assert made["shared"][0]["replace"] == [
        f"cuda/{PURE}",
        f"rocm/{PURE}",
    ]


def test_the_size_of_a_copy_is_that_of_the_file_it_equals(
    run: Run, indexes: list[pathlib.Path]
) -> None:
    path = write_wheel(indexes[0] / PURE)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    pages = html_index({"demo": [PURE]})
    page = pages["/simple/demo/"]
    body = page.body.replace(b"0" * 64, digest.encode())
    pages["/simple/demo/"] = Answer(body=body)
    with serve(pages) as server:
        made = json.loads(run("share", "cpu", f"{server.url}/simple", "--format", "json").stdout)
    assert made["saved"] == {"builds": 1, "bytes": path.stat().st_size}


@pytest.mark.parametrize(
    ("wheels", "reason"),
    [
        ([PURE, None, None], "not in cuda, rocm"),
        ([PURE, PURE, None], "not in rocm"),
        ([PURE, PURE, PURE.replace("-2-", "-3-")], "different build tags: 2, 3"),
        (
            [f"p-1-2_{distro}{PLAT}" for distro in ("el9.6", "fc43", "el9.6")],
            "different build tags: 2_el9.6, 2_fc43",
        ),
        (
            [f"p-1-2_el9.6{PLAT}", f"p-1-3{PLAT}", f"p-1-2_el9.6{PLAT}"],
            "different build tags: 2_el9.6, 3",
        ),
        (["broken", PURE, PURE], f"cannot be compared: cpu/{PURE}: {NO_ZIP}"),
    ],
)
def test_why_a_wheel_is_not_shared(
    wheels: list[str | None], reason: str, run: Run, indexes: list[pathlib.Path]
) -> None:
    for folder, name in zip(indexes, wheels, strict=True):
        if name == "broken":
            (folder / PURE).write_bytes(b"PK")
        elif name is not None:
            write_wheel(folder / name)
    made = plan(run)
    assert [each["reason"] for each in made["unshared"]] == [reason]
    pairs = max(wheels.count(name) for name in wheels if name not in {None, "broken"}) == 2
    assert len(made["shared"]) == pairs


def test_wheels_that_depend_on_a_stack_are_counted(run: Run, indexes: list[pathlib.Path]) -> None:
    for folder in indexes:
        write_wheel(folder / f"torch-2.10.0-7_el9.6_cuda13.0{PLAT}")
        write_wheel(folder / f"text-1.0-7_el9.6_torch2.10.0{PLAT}")
    made = plan(run)
    assert (made["tied"], made["shared"], made["unshared"]) == (6, [], [])
    assert run("share", "cpu", "cuda").stdout == (
        "same in all 2 indexes: 0 wheels (saves 0 builds, 0 B); could be the same: 0; dependent "
        "on accelerator or Torch: 4\n"
    )


def test_an_older_wheel_beside_the_same_is_no_matter(run: Run, indexes: list[pathlib.Path]) -> None:
    for folder in indexes:
        write_wheel(folder / PURE)
    write_wheel(indexes[1] / PURE.replace("-2-", "-1-"))
    made = plan(run)
    assert (len(made["shared"]), made["unshared"]) == (1, [])


def test_urls_are_compared_by_hash_first(run: Run) -> None:
    with serve(html_index({"demo": [PURE]})) as one, serve(html_index({"demo": [PURE]})) as two:
        urls = f"{one.url}/simple/", f"{two.url}/simple/"
        text = run("share", *urls).stdout
        assert "same  demo-1.0-2-py3-none-any.whl  1 with the same hash (0 B)\n" in text
        assert f"/files/{PURE}" not in one.asked
        del one.answers["/simple/demo/"]
        assert "status 404" in run("share", *urls, status=1).stderr


def serve_wheel(server: Server, name: str, body: bytes | None) -> str:
    """Serve an index with one wheel below */name*, and return its URL."""
    for path, answer in html_index({"demo": [PURE]}).items():
        text = answer.body.replace(b"/simple/", f"/{name}/simple/".encode())
        server.answers[f"/{name}{path}"] = Answer(body=text.replace(b"0" * 64, name.encode()))
    if body is not None:
        server.answers[f"/{name}/files/{PURE}"] = Answer(body=body)
    return f"{server.url}/{name}/simple/"


def test_the_content_of_wheels_behind_urls_is_compared(
    run: Run, indexes: list[pathlib.Path]
) -> None:
    for year, folder in enumerate(indexes, 2020):
        text = b"2" if folder.name == "rocm" else b"1"
        write_wheel(folder / PURE, {"demo.py": text}, date=(year, 1, 1, 0, 0, 0))
    with serve({}) as server:
        cpu, cuda, rocm = (
            serve_wheel(server, folder.name, (folder / PURE).read_bytes()) for folder in indexes
        )
        for first in (cpu, "cpu"):
            made = json.loads(run("share", first, cuda, "--format", "json").stdout)
            [replaced] = made["shared"][0]["replace"]
            assert replaced == f"{server.url}/cuda/files/{PURE}"
            shown = run("share", first, rocm).stdout
            assert shown.splitlines()[1].endswith(f" and {rocm}: demo.py differs")


@pytest.mark.parametrize("first", ["cpu", "/cpu/simple/"])
def test_equal_wheels_behind_urls_without_hashes_can_be_linked(
    first: str, run: Run, indexes: list[pathlib.Path]
) -> None:
    """cpu and cuda have the same bytes; rocm has the same members with other times."""
    for folder, year in zip(indexes, (2020, 2020, 2021), strict=True):
        write_wheel(folder / PURE, date=(year, 1, 1, 0, 0, 0))
    with serve({}) as server:
        _, *urls = (serve_wheel(server, each.name, (each / PURE).read_bytes()) for each in indexes)
        place = f"{server.url}{first}" if first.startswith("/") else first
        made = json.loads(run("share", place, *urls, "--format", "json").stdout)
        files = [f"{server.url}/{name}/files/{PURE}" for name in ("cuda", "rocm")]
    [shared] = made["shared"]
    assert (shared["link"], shared["replace"]) == ([files[0]], [files[1]])
    assert made["unshared"] == []


def test_a_wheel_behind_a_url_that_cannot_be_compared(
    run: Run, indexes: list[pathlib.Path]
) -> None:
    write_wheel(indexes[0] / PURE)
    with serve({}) as server:
        gone = serve_wheel(server, "gone", None)
        where = f"cannot be compared: {server.url}"
        reason = f"{where}/gone/files/{PURE}: status 404: not found\n"
        assert reason in run("share", "cpu", gone).stdout


def test_markdown(run: Run, indexes: list[pathlib.Path]) -> None:
    for folder in indexes:
        write_wheel(folder / PURE)
    write_wheel(indexes[0] / "other-1-1-py3-none-any.whl")
    lines = run("share", "cpu", "cuda", "--format", "markdown").stdout.splitlines()
    assert lines[0].startswith("**same in all 2 indexes: 1 wheel (saves 1 build, ")
    assert "| `differs` | other 1 | not in cuda |" in lines


def test_bad_arguments(run: Run) -> None:
    assert "share needs at least two indexes" in run("share", ".", status=2).stderr
    assert "'no' does not exist" in run("share", ".", "no", status=1).stderr
