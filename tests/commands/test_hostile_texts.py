"""Every command in every format, with hostile texts wherever a text comes from: nothing raw."""

from __future__ import annotations

import ast
import csv
import functools
import io
import json
import logging
import os
import pathlib
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import click
import pytest
import yaml
from click.testing import CliRunner

from fromager_build_tags.commands import main

from ..golden.scenes import library, wheel
from ..index.simple_server import Answer, html_page, json_page, serve
from ..repositories import Checkout
from ..trees import GOOD, ROCM, SETTINGS, TORCH, write_tree

SECRET: Final = "s3cret"
URL: Final = f"http://user:a/{SECRET}@h.example/x?token={SECRET}"
#: What a terminal, a log, Markdown, HTML, or a spreadsheet would act upon.
NASTY: Final = (
    "\x1b[31m\r\n::error::h\n##[error]h\x07\x7f\x9b\u202e\u2066\u2028\u200b\ufeff"
    '|`x`<img src=x>"![i](x.example)@team '
)
#: In names of files, that are not UTF-8.
NAME: Final = NASTY + "\udcff"
QUOTED: Final = json.dumps(NASTY)

VARIANT: Final = "settings/variants/rocm.yaml"
PLAT: Final = "cp312-cp312-linux_x86_64.whl"


def settings_trees() -> Mapping[str, Mapping[str, str]]:
    """Return settings with hostile texts: valid ones, then wrong ones, each in one place."""
    valid = {
        **GOOD,
        "settings/settings.yaml": f"{SETTINGS}    - {QUOTED}\n    - {json.dumps(URL)}\n",
        "settings/packages/torch.yaml": f"{TORCH}    - {QUOTED}\n",
        "settings/packages/demo.yaml": 'changelog:\n  "1.0":\n    - a\nannotations:\n'
        f"  build-tags.ignore.BT401: {QUOTED}\n  build-tags.verify: {QUOTED}\n",
        VARIANT: f"{ROCM}index: {json.dumps(URL)}\n",
    }
    wrong: dict[str, tuple[str, str]] = {
        "key": ("variants/rocm.yaml", f"{QUOTED}: 1\n"),
        "distro": ("variants/rocm.yaml", f"distro: {QUOTED}\n"),
        "accelerator": ("variants/rocm.yaml", f"accelerator: {QUOTED}\ndistro: el9.6\n"),
        "version": ("variants/rocm.yaml", f"distro: el9.6\nrocm_version: {QUOTED}\n"),
        "index": ("variants/rocm.yaml", f"{ROCM}index: {json.dumps(f'{URL} {NASTY}')}\n"),
        "stacks": ("variants/rocm.yaml", f"stacks: {{{QUOTED}: {{distro: {QUOTED}}}}}\n"),
        "yaml": ("variants/rocm.yaml", f'a: "\x9b\n::error::h\n##[error] {URL}\n'),
        "tag": ("variants/rocm.yaml", f"a: !<{URL}> x\n"),
        "annotation": ("packages/demo.yaml", f"annotations: {{build-tags.depends-on: {QUOTED}}}\n"),
        "version-key": ("packages/demo.yaml", f"changelog: {{{QUOTED}: [a]}}\n"),
        "package-key": ("packages/demo.yaml", f"{QUOTED}: 1\n"),
        "package-value": ("packages/demo.yaml", f"env: {{A: [{QUOTED}]}}\n"),
        "variant-name": ("settings.yaml", f"{SETTINGS}  {QUOTED}:\n    - a\n"),
        "hook": ("settings.yaml", f"wheels: {{build_tag_hook: {QUOTED}}}\n"),
        "file-name": (f"variants/{NAME}.yaml", ROCM),
        "package-file": (f"packages/{NAME}.yaml", TORCH),
    }
    return {"valid": valid} | {
        name: {**valid, f"settings/{file}": text} for name, (file, text) in wrong.items()
    }


TREES: Final = settings_trees()


def hostile_world(root: pathlib.Path, pages: str) -> None:
    """Write indexes, wheels, and files for the options, to the folder of a settings tree."""
    folder = root / "index"
    torch = library(needs=["libtorch.so", NASTY], imports=["_ZN3c10" + NASTY])
    wheel(folder / f"torch-2.9.1-1_el9.6_rocm7.1-{PLAT}", {**torch, f"{NASTY}.so": b"\x7fELF"})
    member = 'x"""\nopen("ran", "w")\n"""lib' + NASTY + ".so"
    wheel(root / f"other-1.0-1_el9.6-{PLAT}", {member: next(iter(torch.values()))})
    wheel(
        folder / f"demo-1.0-1_el9.6_cuda13.0-{PLAT}",
        {**library(needs=["libcudart.so.13"]), f"demo/{NASTY}": library()["demo/_C.so"]},
        metadata=f"Metadata-Version: 2.1\nName: demo{URL}\x1b[31m\nVersion: \x9b1\n",
        requires=[f"torch @ {URL}", "\x1b[31m<img src=x>"],
        tag="\x1b[31m::error::h",
    )
    for name in (NAME, f"{NAME}.whl", f"a{NAME}-1.0-py3-none-any.whl", f"demo-1.0-1{NAME}-{PLAT}"):
        (folder / name).write_bytes(b"x")
    (folder / f"dangling{NAME}.whl").symlink_to("nowhere")
    (root / NAME).mkdir()
    (root / "requirements.txt").write_text(f"torch\ndemo {NASTY}\n", newline="")
    (root / "urls.txt").write_text(f"demo @ {URL}\n")
    (root / "graph.json").write_text(json.dumps({NASTY: {"download_url": URL}}))
    (root / "order.json").write_text(json.dumps([{"dist": NASTY, "version": NASTY}]))
    (root / "good.json").write_text('[{"dist": "torch", "version": "2.9.1"}]')
    (root / "name.json").write_text(json.dumps([{"dist": NASTY, "version": "1.0"}]))
    (root / "hostile.lock").write_text(f"# build-tags.lock, format 9{NASTY}\n{URL}\n")
    (root / "pages").write_text(pages)


def hostile_pages() -> dict[str, Answer]:
    """Return an index in HTML below ``/html/``, and one in JSON below ``/json/``."""
    odd = urllib.parse.quote(NASTY)
    files = {
        f"torch-2.9.1-1{odd}.whl": NASTY,
        f"{odd}.tar.gz#sha256={odd}": NASTY,
        f"http://user:{SECRET}@[::1": "",
        f"torch-2.9.1-1_el9.6_rocm7.1-{PLAT}?sig={SECRET}": "",
    }
    page = html_page(files)
    requires = f'<a data-requires-python="{NASTY.replace(chr(34), "")}" '.encode()
    entries = [
        {"filename": f"torch-2.9.1{end}", "url": f"{NASTY}.whl", "hashes": {}, **more}
        for end, more in (
            (f"-1{NASTY}.whl", {}),
            ("-py3-none-any.whl", {"requires-python": NASTY, "yanked": NASTY}),
            (NASTY, {"size": NASTY}),
        )
    ]
    meta = {"api-version": "1.1"}
    return {
        "/html/": html_page({"torch/": "", f"{odd}/": NASTY, "gone/": "", f"http://[{odd}": ""}),
        "/html/torch/": Answer(body=page.body.replace(b"<a ", requires)),
        "/json/": json_page({"meta": meta, "projects": [{"name": "torch"}, {"name": NASTY}]}),
        "/json/torch/": json_page({"meta": meta, "name": NASTY, "files": entries}),
        "/type/": Answer(content_type="text/\x1b[31mx"),
        "/moved/": Answer(status=302, headers={"Location": f"http://u:{SECRET}@h/?a={SECRET}"}),
        "/version/": json_page({"meta": {"api-version": f"9{NASTY}"}, "projects": []}),
    }


#: The arguments of each command, for each format. ``{pages}`` is the URL of the server.
ARGUMENTS: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    "audit": [
        ["index"],
        ["rocm=index", "--deep", "-r", "requirements.txt"],
        ["{pages}html/", "{pages}json/"],
        ["{pages}type/", "{pages}moved/", "{pages}version/", URL, f"rocm={NAME}", NAME],
    ],
    "bump": [["-m", NASTY, "--dry-run"], ["-m", NASTY], [f"{URL}\x1b[31m", "-m", "x"]],
    "check": [[], ["--graph", "order.json"]],
    "explain": [["torch==2.9.1"], [NASTY], [f"demo @ {URL}"]],
    "init": [
        ["new\x1b[31m\n::error::x"],
        ["--variant", NASTY],
        [NAME],
        ["index", "--ci", "gitlab"],
    ],
    "jobs": [
        ["--graph", "good.json", "--index", f"{NASTY}=index", "--index", "{pages}json/"],
        ["--graph", "good.json", "--index", "{pages}html/", "--index", URL],
        ["--graph", "order.json"],
        ["--graph", "name.json"],
        ["--graph", f"rocm={NAME}"],
        ["--graph", f"{NASTY}=good.json"],
        ["--graph", "good.json", "--each", "wheel"],
        ["--graph", URL],
    ],
    "lock": [["-o", f"{NAME}.lock"], ["--check", "-o", f"{NAME}.lock"], ["--graph", "graph.json"]],
    "add": [
        ["other", "--from-wheel", f"other-1.0-1_el9.6-{PLAT}"],
        ["other", "--from-wheel", f"other-1.0-1_el9.6-{PLAT}", "--module"],
        ["other", "--from-wheel", f"index/demo-1.0-1_el9.6_cuda13.0-{PLAT}"],
        ["other", "--depends-on", NASTY],
        ["--from-index", "index", "--from-index", "{pages}html/", "--all", "--dry-run"],
        ["--from-index", NAME],
        ["other", "--from-wheel", URL],
        [NASTY],
    ],
    "merge": [
        ["{pages}pool", "cpu=index"],
        ["pool", "cpu=index", "--dry-run", "--variants", "--machine", "cuda13.1"],
        ["pool", "cpu=index", "--variants", "--machine", NASTY],
        ["pool", f"{NAME}={NAME}"],
        ["pool", f"cpu={URL}"],
        [NAME, f"cpu={NAME}"],
    ],
    "prune": [["index"], ["{pages}html/", "{pages}json/", NAME]],
    "review": [["old", "new"], ["HEAD"], [NASTY, "HEAD"], ["hostile.lock", "new"], ["HEAD", URL]],
    "show": [[], ["-r", "requirements.txt"], ["-r", "urls.txt"], ["-g", "order.json"], [NASTY]],
    "torch": [
        ["index", "."],
        ["{pages}html/", "{pages}json/"],
        [NAME, URL],
        ["index", "--torch", NASTY],
    ],
    "verify": [
        ["index"],
        [NAME, URL, f"ftp://u:{SECRET}@h/x.whl"],
        ["index", "--torch", NASTY],
        ["index", "--torch", URL],
        ["index", "--torch", "index"],
    ],
    "which": [["index"], ["{pages}html/", "{pages}json/"], [NAME, "--python", NASTY]],
}


def formats(command: str) -> Sequence[str]:
    """Return the choices of ``--format``."""
    found = main.get_command(click.Context(main), command)
    assert found is not None
    [*choices] = [each.type for each in found.params if each.name == "format_"]
    return choices[0].choices if choices and isinstance(choices[0], click.Choice) else [""]


RUNS: Final = [(command, format_) for command in ARGUMENTS for format_ in formats(command)]


def test_every_command_has_arguments() -> None:
    assert sorted(ARGUMENTS) == sorted(main.list_commands(click.Context(main)))


def assert_plain(text: str) -> None:
    """Assert that each line is printable, and none of it a command of a CI service."""
    assert [line for line in text.split("\n") if not line.isprintable()] == []
    assert [line for line in text.split("\n") if line.lstrip().startswith("::")] == []
    assert "##[" not in text
    assert "\n##" not in text.replace("\n### ", "")


def assert_markdown(text: str) -> None:
    assert_plain(text)
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "<img" not in outside
    assert "![" not in outside
    assert "@team" not in outside


def assert_github(text: str) -> None:
    commands = [
        re.sub(r"^::(error|warning|notice)( [^:]+)?::", "", each) for each in text.split("\n")
    ]
    assert_plain("\n".join(commands))


def assert_json(text: str) -> None:
    json.loads(text)
    assert text.isascii()
    assert_plain(text)


def assert_yaml(text: str) -> None:
    """Assert that a pipeline is one, and none of its texts is a command."""
    assert all(isinstance(each, dict | list) for each in yaml.safe_load(text).values())
    assert text.isascii()
    assert_plain(text)


def assert_csv(text: str) -> None:
    assert_plain(text)
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def assert_html(text: str) -> None:
    assert_plain(text)
    assert "<img" not in text


CHECKS: Final[Mapping[str, Callable[[str], None]]] = {
    "": assert_plain,
    "table": assert_plain,
    "markdown": assert_markdown,
    "github": assert_github,
    "json": assert_json,
    "gitlab": assert_json,
    "sarif": assert_json,
    "csv": assert_csv,
    "html": assert_html,
}

#: Other commands print annotations of GitLab in JSON.
PIPELINE: Final = ("jobs", "gitlab")


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with serve(hostile_pages()) as server:
        yield f"{server.url}/"


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> None:
    """Log what a user sees: pytest-xdist cannot send a report with bytes of a name in its log."""
    caplog.set_level(logging.WARNING)
    caplog.set_level(logging.WARNING, logger="fromager")


@pytest.fixture
def run(
    tmp_path: pathlib.Path, pages: str, two_overrides: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Return a function that runs a command in a folder of hostile files, and checks its output."""
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "settings/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "settings/packages")
    monkeypatch.setenv("FROMAGER_VARIANT", "rocm")
    monkeypatch.chdir(tmp_path)

    def invoke(command: str, format_: str, arguments: Sequence[str]) -> str:
        shown = [each.replace("{pages}", pages) for each in arguments]
        option = ["--format", format_] if format_ else []
        result = CliRunner().invoke(main, [command, *option, *shown])
        assert isinstance(result.exception, SystemExit | None), (command, arguments)
        assert "Traceback" not in result.output
        if result.stdout:
            check = assert_yaml if (command, format_) == PIPELINE else CHECKS[format_]
            check(result.stdout)
        assert_plain(result.stderr)
        assert SECRET not in result.output
        return result.output

    return invoke


def write_world(root: pathlib.Path, tree: str, pages: str) -> None:
    write_tree(root, TREES[tree])
    hostile_world(root, pages)
    write_tree(root / "old", GOOD)
    write_tree(root / "new", TREES[tree])


@pytest.mark.parametrize(("command", "format_"), RUNS)
def test_nothing_is_printed_raw(
    run: Callable[..., str], tmp_path: pathlib.Path, pages: str, command: str, format_: str
) -> None:
    if command in {"review", "bump"}:
        Checkout.create(tmp_path, {**GOOD, VARIANT: ROCM.replace("2.9", "2.8")})
    write_world(tmp_path, "valid", pages)
    outputs = [run(command, format_, arguments) for arguments in ARGUMENTS[command]]
    assert "1b[31m" in "".join(outputs)
    for module in tmp_path.glob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        assert [type(each) for each in tree.body] == [ast.Expr, ast.ImportFrom, ast.Assign]


OF_SETTINGS: Final = {"check": "github", "show": "table", "review": "markdown", "audit": "html"}


@pytest.mark.parametrize("tree", [name for name in TREES if name != "valid"])
def test_nothing_of_wrong_settings_is_printed_raw(
    run: Callable[..., str], tmp_path: pathlib.Path, pages: str, tree: str
) -> None:
    write_world(tmp_path, tree, pages)
    for command, format_ in OF_SETTINGS.items():
        run(command, format_, ARGUMENTS[command][0])


@pytest.mark.parametrize(
    "arguments",
    [
        [NASTY],
        [f"--{NASTY}"],
        ["--variant", NASTY, "check"],
        ["--settings-file", NAME, "check"],
        ["--settings-dir", NAME, "check"],
        ["--constraints-file", URL, "show"],
        ["-c", NAME, "show"],
        ["show", "--format", NASTY],
        ["show", f"--{NASTY}"],
        ["show", "-r", NAME],
        ["show", "-o", f"{NAME}/no/x"],
        ["check", NASTY],
        ["check", URL],
        ["verify", ""],
        ["audit", "index", "--fail-on", URL],
        ["audit", f"ftp://user:{SECRET}@h/"],
        ["audit", f"user:{SECRET}@h/simple"],
        ["audit", f"http:/user:{SECRET}@h/"],
        ["audit", f"rocm=http://user:a/{SECRET}@h.example:x/"],
        ["review", "--max-rebuilds", URL],
        ["which", "index", "--platform", NASTY],
        ["bump", URL, "-m", "x"],
    ],
)
def test_arguments_are_not_printed_raw(
    run: Callable[..., str], tmp_path: pathlib.Path, pages: str, arguments: list[str]
) -> None:
    write_world(tmp_path, "valid", pages)
    Checkout.create(tmp_path, {})
    run(arguments[0], "", arguments[1:])


@pytest.mark.parametrize("variable", ["WHEEL_BUILD_TAG_DISTRO", "CUDA_VERSION", "TORCH_VERSION"])
def test_variables_are_not_printed_raw(
    run: Callable[..., str],
    tmp_path: pathlib.Path,
    pages: str,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_world(tmp_path, "valid", pages)
    monkeypatch.setenv(variable, f"{NASTY} {URL}")
    run("show", "table", ["--here"])
    run("check", "table", ["--here"])


def test_colours_change_nothing(
    run: Callable[..., str], tmp_path: pathlib.Path, pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only sequences of colours are added."""
    write_world(tmp_path, "valid", pages)
    monkeypatch.setenv("FORCE_COLOR", "1")
    colours = functools.partial(re.sub, r"\x1b\[[0-9;]*m", "")
    for arguments in (["audit", "index"], ["explain", "torch==2.9.1"], ["which", "index"]):
        result = CliRunner().invoke(main, arguments)
        assert "\x1b[" in result.stdout
        assert "\x1b[31m\\r" not in result.stdout
        assert_plain(colours(result.stdout))


def test_a_terminal(tmp_path: pathlib.Path, pages: str) -> None:
    """Of a real program on a pseudo terminal: only colours, and the movements of the progress."""
    import pty
    import sys

    write_world(tmp_path, "valid", pages)
    command = [sys.executable, "-P", "-m", "fromager_build_tags", "which", "index", NAME]
    os.chdir(tmp_path)
    output = io.BytesIO()

    def read(descriptor: int) -> bytes:
        chunk = os.read(descriptor, 1 << 16)
        output.write(chunk)
        return chunk

    pty.spawn([*map(os.fsencode, command)], read)  # type: ignore[list-item]
    text = output.getvalue().decode()
    text = re.sub(r"\x1b\[([0-9;]*m|\?25[lh])|\r\x1b\[K|\r\n?", "\n", text)
    assert_plain(text)
