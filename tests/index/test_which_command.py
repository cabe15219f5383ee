"""``which``: the files that installers select."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import Result

from .simple_server import Answer, html_index, html_page, json_page, serve

type Run = Callable[..., Result]

WHEELS = (
    "torch-2.9.1-8_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl",
    "torch-2.10.0-7_el9.6_cuda13.0-cp312-cp312-linux_x86_64.whl",
    "torch-2.10.0-7_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl",
    "torch-2.10.0-6_el9.6_rocm7.1-cp312-cp312-manylinux_2_28_x86_64.whl",
)


def test_pip_and_uv(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "index").mkdir()
    for name in WHEELS:
        (tmp_path / "index" / name).touch()
    assert run("which", "index").stdout == (
        "PROJECT  VERSION  PYTHON                 SELECTED BY  INDEX  WHEEL\n"
        f"torch    2.10.0   cp312 on linux_x86_64  pip          index  {WHEELS[2]}\n"
        f"torch    2.10.0   cp312 on linux_x86_64  uv           index  {WHEELS[3]}\n"
    )
    args = ("which", "index", "--format", "json", "--all-versions", "--python", "3.12")
    made = json.loads(run(*args).stdout)["winners"]
    assert [(each["version"], each["installers"], each["filename"]) for each in made] == [
        ("2.9.1", ["pip", "uv"], WHEELS[0]),
        ("2.10.0", ["pip"], WHEELS[2]),
        ("2.10.0", ["uv"], WHEELS[3]),
    ]
    result = run("which", "index", "--python", "3.13")
    assert result.stdout == "nothing is selected\n"
    assert result.stderr == "nothing is selected for torch\n"
    assert f"`{WHEELS[2]}` |" in run("which", "index", "--format", "markdown").stdout


def test_a_row_for_each_machine(run: Run, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    plain = WHEELS[2].replace("_rocm7.1", "_cpu")
    labelled = [
        WHEELS[n].replace(".whl", f"-{label}.whl") for n, label in ((1, "cuda13.0"), (2, "rocm7.1"))
    ]
    for name in (plain, *labelled, "torch-2.10.0-variants.json"):
        (folder / name).touch()
    machines = [f"--machine={each}" for each in ("cuda13.1", "cuda12.8", "rocm7.1", "cpu")]
    result = run("which", "index", *machines)
    assert [line.split("  ")[-1].strip() for line in result.stdout.splitlines()[1:]] == [
        *(plain, labelled[0], plain, plain, plain)
    ]
    assert "cp312 on linux_x86_64  uv with preview on cuda13.1  index" in result.stdout
    assert result.stderr == "no released installer selects wheels for ROCm by their labels\n"
    rows = json.loads(run("which", "index", *machines, "--format", "json").stdout)["winners"]
    assert [(each["machine"], each["installers"]) for each in rows] == [
        ("", ["pip", "uv"]),
        *((each.partition("=")[2], ["uv"]) for each in machines),
    ]
    (folder / "torch-2.10.0-variants.json").unlink()
    assert labelled[0] not in run("which", "index", "--machine=cuda13.1").stdout
    error = "Error: unknown machine 'h100': use cpu, cuda13.1 or rocm7.1\n"
    assert run("which", "index", "--machine=h100", status=2).stderr.endswith(error)


def test_a_pin_selects_a_local_version(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "index").mkdir()
    local = WHEELS[2].replace("2.10.0", "2.10.0+rocm7.1")
    for name in (WHEELS[2], local):
        (tmp_path / "index" / name).touch()
    assert run("which", "index", "--all-versions").stdout.splitlines()[1:] == [
        f"torch    2.10.0          cp312 on linux_x86_64  pip, uv      index  {local}",
        f"torch    2.10.0+rocm7.1  cp312 on linux_x86_64  pip, uv      index  {local}",
    ]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--python", "3.9999999"], "--python '3.9999999' is not a version such as 3.12 or 3.13t"),
        (["--python", "4"], "--python '4' is not a version such as 3.12 or 3.13t"),
        (["--platform", "linux_x86_64"], "--platform needs --python"),
        (
            ["--python", "3.12", "--platform", "linux-x86_64"],
            "--platform 'linux-x86_64' is not a platform tag such as linux_x86_64 or "
            "manylinux_2_34_x86_64",
        ),
    ],
)
def test_targets_that_are_none(options: list[str], error: str, run: Run) -> None:
    stderr = run("which", "index", *options, status=2).stderr
    assert stderr.endswith(f"\n\nError: {error}\n")


def test_a_platform_of_the_far_future_takes_no_time(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / WHEELS[0]).touch()
    for platform in ("manylinux_2_999999999_x86_64", "musllinux_1_999999999_x86_64"):
        found = run("which", "index", "--python", "3.12", "--platform", platform).stdout
        assert found == "nothing is selected\n"


def test_an_sdist_is_built_where_no_wheel_fits(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "index").mkdir()
    names = (*WHEELS, "torch-2.11.0.tar.gz", "other-1.tar.gz", "torch-3-x.tar.gz")
    for name in names:
        (tmp_path / "index" / name).touch()
    assert run("which", "index", "--python", "3.12").stdout.splitlines()[1:] == [
        "other    1        cp312 on linux_x86_64  pip, uv      index  other-1.tar.gz (sdist, "
        "to be built)",
        "torch    2.11.0   cp312 on linux_x86_64  pip, uv      index  torch-2.11.0.tar.gz (sdist, "
        "to be built)",
    ]
    made = json.loads(run("which", "index", "--format", "json", "--all-versions").stdout)
    assert made["format_version"] == "1.2"
    kinds = [(each["version"], each["kind"]) for each in made["winners"]]
    assert kinds == [
        *(("1", "sdist"), ("2.9.1", "wheel"), ("2.10.0", "wheel"), ("2.10.0", "wheel")),
        ("2.11.0", "sdist"),
    ]


def listing(*entries: dict[str, object]) -> Answer:
    """Return a page of JSON; the URL of a file is its name."""
    files = [{"url": each["filename"], "hashes": {}, **each} for each in entries]
    return json_page({"meta": {"api-version": "1.0"}, "name": "torch", "files": files})


def rows(run: Run, *args: str) -> list[tuple[str, str]]:
    """Return the installers and the file name of each row."""
    table = json.loads(run("which", *args, "--format", "json").stdout)["winners"]
    return [(" ".join(each["installers"]), each["filename"]) for each in table]


@pytest.mark.parametrize(
    ("yanked", "expected"),
    [
        (False, [("pip uv", "a-2-py3-none-any.whl")]),
        (True, [("pip uv", "a-1-py3-none-any.whl")]),
        ("broken", [("pip uv", "a-1-py3-none-any.whl")]),
        ("", [("pip", "a-2-py3-none-any.whl"), ("uv", "a-1-py3-none-any.whl")]),
    ],
)
def test_a_yank_without_a_reason(
    run: Run, yanked: bool | str, expected: list[tuple[str, str]]
) -> None:
    page = listing(
        {"filename": "a-1-py3-none-any.whl"},
        {"filename": "a-2-py3-none-any.whl", "yanked": yanked},
    )
    with serve({"/simple/": html_page({"a/": "a"}), "/simple/a/": page}) as server:
        assert rows(run, f"{server.url}/simple") == expected


#: Files in two indexes, and the selection of pip and uv; None for an index without the project.
TOGETHER: list[tuple[list[str] | None, list[str] | None, list[tuple[str, str]]]] = [
    (["1-1"], ["1-2"], [("pip", "1-2"), ("uv", "1-1")]),
    (["2-1"], ["1-2"], [("pip uv", "2-1")]),
    (["1-1"], ["2-1"], [("pip", "2-1"), ("uv", "1-1")]),
    (None, ["1-1"], [("pip uv", "1-1")]),
    (["1-1"], None, [("pip uv", "1-1")]),
    ([], ["1-1"], [("pip", "1-1")]),
    (["3rc1-1"], ["1-1"], [("pip", "1-1"), ("uv", "3rc1-1")]),
]


@pytest.mark.parametrize(("first", "second", "expected"), TOGETHER)
def test_two_indexes_together(
    run: Run,
    first: list[str] | None,
    second: list[str] | None,
    expected: list[tuple[str, str]],
) -> None:
    answers: dict[str, Answer] = {}
    for number, files in enumerate((first, second)):
        projects = {} if files is None else {"a": [f"a-{each}-py3-none-any.whl" for each in files]}
        pages = html_index(projects)
        if files is None:
            pages["/simple/"] = json_page({"meta": {"api-version": "1.0"}, "projects": []})
        for path, page in pages.items():
            body = page.body.replace(b'"/simple', f'"/{number}/simple'.encode())
            answers[f"/{number}{path}"] = dataclasses.replace(page, body=body)
    with serve(answers) as server:
        urls = [f"{server.url}/{number}/simple" for number in range(2)]
        found = rows(run, "--together", *urls)
    assert found == [(who, f"a-{stem}-py3-none-any.whl") for who, stem in expected]


@pytest.mark.parametrize(("python", "version"), [("3.12", "1.0"), ("3.13", "2.0")])
def test_requires_python_of_a_listing(run: Run, python: str, version: str) -> None:
    entries = [
        {
            "filename": "demo-1.0-1-py3-none-any.whl",
            "url": "demo-1.0-1-py3-none-any.whl",
            "hashes": {},
        },
        {
            "filename": "demo-2.0-1-py3-none-any.whl",
            "url": "demo-2.0-1-py3-none-any.whl",
            "hashes": {},
            "requires-python": ">=3.13",
        },
    ]
    meta = {"api-version": "1.0"}
    in_json = json_page({"meta": meta, "name": "demo", "files": entries})
    in_html = Answer(
        body=b'<a href="demo-1.0-1-py3-none-any.whl"></a>'
        b'<a data-requires-python="&gt;=3.13" href="demo-2.0-1-py3-none-any.whl"></a>'
    )
    for page in (in_html, in_json):
        answers = {"/simple/": html_page({"demo/": "demo"}), "/simple/demo/": page}
        with serve(answers) as server:
            url = f"{server.url}/simple"
            line = run("which", url, "--python", python).stdout.splitlines()[1]
            assert line.endswith(f"pip, uv      {url}  demo-{version}-1-py3-none-any.whl")


def test_a_page_for_find_links(run: Run) -> None:
    """Its links lead below the page's folder, and to other hosts."""
    page = html_page(
        {
            "stable/torch-2.9.1%2Bcu130-cp312-cp312-linux_x86_64.whl": "torch",
            "http://localhost/whl/demo-1.0-py3-none-any.whl#sha256=00": "demo",
            "demo-0.9.tar.gz": "demo",
            "https://localhost/about.html": "About",
        }
    )
    with serve({"/whl/stable.html": page}) as server:
        assert rows(run, f"{server.url}/whl/stable.html", "--python", "3.12") == [
            ("pip uv", "demo-1.0-py3-none-any.whl"),
            ("pip uv", "torch-2.9.1+cu130-cp312-cp312-linux_x86_64.whl"),
        ]
        assert server.asked == ["/whl/stable.html"]


def test_an_index_without_wheels_is_noted(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "index/sub/below").mkdir(parents=True)
    (tmp_path / "index/sub/below/a-1-py3-none-any.whl").touch()
    answers = {"/web/": html_page({"sub/": "sub/"}), "/web/sub/": html_page({"below/": "below/"})}
    hint = "use a simple API, or a folder of wheels\n"
    with serve(answers) as server:
        result = run("which", f"{server.url}/web", "index")
        assert (result.stdout, result.stderr) == (
            "nothing is selected\n",
            f"no wheels or sdists in {server.url}/web (1 project): {hint}"
            f"no wheels or sdists in index (0 projects): {hint}",
        )


def test_the_bar_is_for_terminals(tree: pathlib.Path) -> None:
    """Of a command whose stderr is one; its stdout is the table and nothing else."""
    (tree.parent / "index").mkdir()
    for name in WHEELS:
        (tree.parent / "index" / name).touch()
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "fromager_build_tags", "which", "index"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, text=True, check=True)
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError), os.fdopen(master, "rb", 0) as file:
        while read := file.read(1 << 16):
            shown += read
    assert b"projects" in shown
    assert b"100%" in shown
    assert done.stdout.startswith("PROJECT ")
    quiet = subprocess.run(command, capture_output=True, check=True)
    assert quiet.stderr == b""


def test_a_page_that_cannot_be_read(run: Run) -> None:
    with serve(html_index({"torch": WHEELS, "zlib": []})) as server:
        del server.answers["/simple/zlib/"]
        result = run("which", f"{server.url}/simple", status=1)
    assert result.stdout.count("\n") == 3
    assert result.stderr.startswith(f"Error: {server.url}/simple/zlib/ cannot be read: status 404")


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_no_traceback(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / WHEELS[0]).touch()
    command = [sys.executable, "-m", "fromager_build_tags", "which", "index"]
    with pathlib.Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False
        )
    assert done.returncode != 0
    assert done.stderr.startswith("Error: the result cannot be written: No space left on device\n")
    assert "Traceback" not in done.stderr
