"""``verify``: files, folders, patterns and URLs; formats and exit status."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from fromager_build_tags.commands import main
from fromager_build_tags.report.findings_report import FINDINGS
from fromager_build_tags.verify.run import find_wheels

from .building import Wheel
from .conftest import Write
from .server import Served, serve

RIGHT = Wheel(tag="8_el9.6", libraries=["plain"])
ERROR = Wheel(tag="8_el9.6_cuda13.0", libraries=["plain"])
WARNING = Wheel(tag="8_el9.6_torch2.10.0", libraries=["stable"])
STABLE = Wheel(tag="7_el9.6", libraries=["stable"])
NOTE = Wheel(tag="8_el9.6", libraries=["sectionless"])

type Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    def invoke(
        *args: str | pathlib.Path, status: int = 0, before: list[str] | None = None
    ) -> Result:
        result = CliRunner().invoke(main, [*(before or []), "verify", *map(str, args)])
        assert result.exit_code == status, result.output
        return result

    return invoke


def test_a_right_wheel(run: Run, write: Write) -> None:
    write(RIGHT)
    result = run(RIGHT.filename)
    assert result.stdout == "All checks passed: 1 wheel\n"
    assert result.stderr == ""


@pytest.mark.parametrize("format_", ["json", "github", "gitlab", "sarif"])
def test_the_count_is_a_note_where_no_verdict_shows_it(
    run: Run, write: Write, tmp_path: pathlib.Path, format_: str
) -> None:
    write(RIGHT)
    assert run(RIGHT.filename, "--format", format_).stderr == "verified 1 wheel\n"
    assert run(RIGHT.filename, "-o", tmp_path / "report").stderr == "verified 1 wheel\n"


LOADS = "loads with Torch 2.10 and later; stable ABI, minimum 2.10"
LIMITS = (
    "by symbols alone: a wheel that lacks none may still fail, since layouts of types can differ"
)


def test_what_wheels_load_with(run: Run, write: Write) -> None:
    path, _ = write(STABLE), write(RIGHT)
    lines = [f"{path.name}: {LOADS}", LIMITS, ""]
    assert run(path.name, RIGHT.filename).stdout.splitlines() == [
        *lines,
        "All checks passed: 2 wheels",
    ]
    warned = write(WARNING)
    assert run(warned.name, path.name).stdout.splitlines()[:4] == [
        f"{warned.name}: {LOADS}",
        *lines,
    ]
    assert run(path.name, "--format", "markdown").stdout == (
        f"**All checks passed: 1 wheel**\n\n**Torch**\n\n- `{path.name}`: {LOADS}\n\n{LIMITS}\n"
    )


def test_the_matrix_of_a_wheel_and_the_releases_of_torch(run: Run, write: Write) -> None:
    path = write(STABLE)
    report = json.loads(run(path.name, "--format", "json").stdout)
    [wheel] = report["torch"]
    assert report["format_version"] == "1.2"
    releases = wheel.pop("releases")
    assert wheel == {
        "file": path.name,
        "summary": LOADS,
        "stable_abi": True,
        "minimum": "2.10.0",
        "unknown_symbols": {},
        "not_compared": [],
    }
    assert releases["2.10.0"] == {"loads": True, "missing": 0, "symbols": {}}
    assert releases["2.9.1"] == {
        "loads": False,
        "missing": 1,
        "symbols": {"demo/stable.so": ["torch_call_dispatcher"]},
    }


@pytest.mark.parametrize(
    ("torch", "note"),
    [
        ("2.99.0", "; 2.99.0 is newer than the table, which ends with 2."),
        ("2.3.1", "; 2.3.1 is older than the table, which begins with 2.4.0"),
        ("2.10.99", "; the table does not have 2.10.99"),
    ],
)
def test_a_torch_that_the_table_does_not_have(
    run: Run, write: Write, torch: str, note: str
) -> None:
    wheel = write(Wheel(tag=f"8_el9.6_torch{torch}", libraries=["unstable"]))
    line, *_, verdict = run(wheel.name).stdout.splitlines()
    assert line.startswith(f"{wheel.name}: loads with Torch 2.4.0 to 2.")
    assert note in line
    assert verdict == "All checks passed: 1 wheel"


def test_a_wrong_wheel(run: Run, write: Write) -> None:
    write(ERROR)
    assert run(ERROR.filename, status=1).stdout == (
        f"{ERROR.filename}: error BT312: the name contains cuda13.0, but no library in the wheel "
        "needs a library of cuda or contains device code\n"
        "    set build-tags.depends-on of demo-pkg to 'none', or change its override, or build it "
        "for cuda13.0; if it compiles its kernels at run time or loads them with dlopen, declare "
        'it: build-tags.verify: "accelerator: REASON"\n'
        "1 error\n"
    )


@pytest.mark.parametrize(
    ("wheel", "fail_on", "status"),
    [
        (ERROR, "error", 1),
        (WARNING, "error", 0),
        (WARNING, "warning", 1),
        (NOTE, "warning", 0),
        (NOTE, "note", 1),
    ],
)
def test_the_exit_status(run: Run, write: Write, wheel: Wheel, fail_on: str, status: int) -> None:
    path = write(wheel)
    run(path, "--fail-on", fail_on, status=status)
    run(path, "--fail-on", fail_on, "--exit-zero")


@pytest.mark.parametrize("format_", FINDINGS)
def test_formats_and_output(run: Run, write: Write, format_: str, tmp_path: pathlib.Path) -> None:
    path, output = write(ERROR), tmp_path / "report"
    shown = run(path, "--format", format_, status=1).stdout
    assert "BT312" in shown
    assert run(path, "--format", format_, "-o", output, status=1).stdout == ""
    assert output.read_text() == shown


def test_one_bad_wheel_never_hides_the_next(run: Run, write: Write, tmp_path: pathlib.Path) -> None:
    write(ERROR)
    (tmp_path / "a-1.0-py3-none-any.whl").write_text("no zip")
    (tmp_path / "z.whl").write_text("no name")
    report = json.loads(run(tmp_path, "gone.whl", "--format", "json", status=1).stdout)
    assert [(each["code"], each["message"]) for each in report["findings"]] == [
        ("BT312", report["findings"][0]["message"]),
        ("BT341", "not a zip archive, or truncated (File is not a zip file)"),
        ("BT341", report["findings"][2]["message"]),
        ("BT341", report["findings"][3]["message"]),
    ]
    names = {each["file"].rpartition("/")[2] for each in report["findings"]}
    assert names == {ERROR.filename, "a-1.0-py3-none-any.whl", "z.whl", "gone.whl"}


def test_where_wheels_are_found(write: Write, tmp_path: pathlib.Path) -> None:
    path = write(RIGHT)
    deep = tmp_path / "a" / "b" / "other.whl"
    deep.parent.mkdir(parents=True)
    deep.write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd[1].whl").write_text("")

    def found(*arguments: str | pathlib.Path) -> list[tuple[str, str]]:
        sources = find_wheels([str(each) for each in arguments])
        return [(each.shown.removeprefix(f"{tmp_path}/"), each.reason) for each in sources]

    assert found(tmp_path / "a") == [("a/b/other.whl", "")]
    assert found(path) == [(RIGHT.filename, "")]
    assert found(tmp_path / "demo*") == [(RIGHT.filename, "")]
    assert found(tmp_path / "**" / "other.whl") == [("a/b/other.whl", "")]
    assert found(tmp_path / "[ab]") == [("a/b/other.whl", "")]
    assert found(tmp_path / "odd[1].whl") == [("odd[1].whl", "")]
    assert found(tmp_path / "empty") == [("empty", "the folder contains no wheel")]
    assert found(tmp_path / "no*") == [("no*", "no such file or folder")]
    assert found("https://u:p@h/x.whl?t=1") == [("https://h/x.whl", "")]
    assert found("dist") == [("dist", "no such file or folder")]
    ftp = "ftp://h/x.whl"
    assert found(ftp) == [(ftp, "only http and https URLs are supported")]


def test_a_missing_file_has_a_remedy(run: Run) -> None:
    assert run("dist", "x*.whl", status=1).stdout == (
        "dist: error BT341: no such file or folder\n"
        "x*.whl: error BT341: no such file or folder\n"
        "    for all 2: name a file, a folder, a pattern or a URL of a readable wheel\n"
        "2 errors\n"
    )


def test_a_wheel_is_verified_once_for_each_of_its_names(
    write: Write, tmp_path: pathlib.Path
) -> None:
    path = write(RIGHT)
    simple = tmp_path / "simple" / "demo-pkg"
    simple.mkdir(parents=True)
    (simple / path.name).symlink_to(path)
    renamed = simple / ERROR.filename
    renamed.symlink_to(path)
    url = "https://h/x.whl"
    arguments = [
        str(tmp_path),
        str(path),
        url,
        str(simple / path.name),
        url,
        "gone.whl",
        "gone.whl",
    ]
    found = [each.text for each in find_wheels(arguments)]
    assert found == [str(path), str(renamed), url, "gone.whl"]


@pytest.mark.parametrize("format_", list(FINDINGS))
def test_a_name_that_is_no_utf8_hides_no_other(
    run: Run, write: Write, tmp_path: pathlib.Path, format_: str
) -> None:
    write(ERROR)
    named = tmp_path / os.fsdecode(b"d\xff") / RIGHT.filename
    named.parent.mkdir()
    named.write_text("no zip")
    (tmp_path / os.fsdecode(b"demo\xff-1.0-py3-none-any.whl")).write_text("no zip")
    result = run(tmp_path, "--format", format_, status=1)
    assert result.stderr == "verified 1 wheel\n"
    assert f"xff/{RIGHT.filename}" in result.stdout
    assert ERROR.filename in result.stdout


@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_pipe_is_refused_without_waiting_for_its_other_end(
    run: Run, tmp_path: pathlib.Path, through_a_link: bool
) -> None:
    wheel = tmp_path / RIGHT.filename
    pipe = tmp_path / "pipe" if through_a_link else wheel
    os.mkfifo(pipe)
    if through_a_link:
        wheel.symlink_to(pipe)
    assert run(wheel, status=1).stdout.startswith(
        f"{wheel}: error BT341: it is not a regular file\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everywhere")
def test_a_folder_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    [source] = find_wheels([str(tmp_path)])
    assert source.reason == "the folder cannot be read: Permission denied"


def test_a_folder_that_vanishes_is_a_finding(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(os, "scandir", scandir)
    [source] = find_wheels([str(tmp_path)])
    assert source.reason == "the folder cannot be read: Permission denied"


def test_a_url_is_verified_as_a_file(run: Run, write: Write) -> None:
    with serve(Served(body=write(RIGHT).read_bytes())) as served:
        result = run(f"{served.url.replace('//', '//user:secret@')}/{RIGHT.filename}")
    assert result.stdout == "All checks passed: 1 wheel\n"


def test_what_the_settings_declare(run: Run, write: Write, tmp_path: pathlib.Path) -> None:
    path = write(ERROR)
    packages = tmp_path / "settings" / "packages"
    packages.mkdir(parents=True)
    (packages / "demo_pkg.yaml").write_text(
        "annotations:\n  build-tags.verify: 'accelerator: compiled at first use'\n"
    )
    before = ["--settings-dir", str(packages)]
    assert run(path, before=before).stdout == (
        f"{path}: suppressed BT312: the name contains cuda13.0, but no library in the wheel needs "
        "a library of cuda or contains device code\n"
        "    suppressed (compiled at first use)\n"
        "All checks passed: 1 wheel (1 suppressed)\n"
    )
    (packages / "demo_pkg.yaml").write_text("annotations:\n  build-tags.verify: 'torch'\n")
    assert run(path, status=1, before=before).stdout.startswith(
        "error BT106: annotation build-tags.verify of demo-pkg for variant 'cpu': 'torch' has "
        "no reason; write 'torch: REASON'\n"
    )


def test_what_the_settings_declare_for_a_variant(
    run: Run, write: Write, tmp_path: pathlib.Path
) -> None:
    path = write(ERROR)
    packages = tmp_path / "settings" / "packages"
    packages.mkdir(parents=True)
    (packages / "demo_pkg.yaml").write_text(
        "variants:\n"
        "  cuda:\n"
        "    annotations:\n"
        "      build-tags.verify: 'accelerator: compiled at first use'\n"
        "  rocm:\n"
        "    annotations:\n"
        "      build-tags.verify: 'nonsense'\n"
    )
    before = ["--settings-dir", str(packages)]
    run(path, before=[*before, "--variant", "cuda"])
    assert (
        'declare it: build-tags.verify: "accelerator: REASON"; for a wheel of cuda, whose settings '
        "suppress it: --variant cuda\n"
    ) in run(path, status=1, before=before).stdout


def test_what_the_settings_declare_for_several_variants(
    run: Run, write: Write, tmp_path: pathlib.Path
) -> None:
    path = write(ERROR)
    packages = tmp_path / "settings" / "packages"
    packages.mkdir(parents=True)
    annotation = "annotations: {build-tags.verify: 'BT312: compiled at first use'}"
    (packages / "demo_pkg.yaml").write_text(
        f"variants:\n  cuda:\n    {annotation}\n  rocm:\n    {annotation}\n"
    )
    before = ["--settings-dir", str(packages)]
    run(path, before=[*before, "--variant", "rocm"])
    assert (
        "; for a wheel of cuda or rocm, whose settings suppress it: --variant cuda or rocm\n"
    ) in run(path, status=1, before=before).stdout


def test_a_settings_folder_that_is_not_there(run: Run, write: Write) -> None:
    path = write(RIGHT)
    assert run(path).stderr == ""
    assert run(path, before=["--settings-dir", "setings"]).stderr == (
        "--settings-dir setings does not exist: fromager continues without it\n"
    )


def test_an_empty_argument_is_not_the_current_folder(run: Run, write: Write) -> None:
    write(ERROR)
    assert run("", status=2).stderr.endswith(
        "Error: Invalid value for WHEEL: an argument is empty: is a variable unset?\n"
    )


def test_an_argument_that_is_too_long_hides_no_other(run: Run, write: Write) -> None:
    path = write(NOTE)
    report = run("x" * 5_000, path, status=1).stdout
    assert "error BT341: no such file or folder" in report
    assert "BT342" in report


@pytest.mark.parametrize("args", [(), ("--format", "yaml", "x"), ("--fail-on", "never", "x")])
def test_usage(run: Run, args: tuple[str, ...]) -> None:
    run(*args, status=2)
