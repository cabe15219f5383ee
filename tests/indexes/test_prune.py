"""``prune``: what is not needed any more, and never the last wheel that does the job."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

import pytest
from click.testing import Result

from fromager_build_tags.report.sizes import size_text

from .simple_server import html_index, serve
from .wheels import write_wheel

PLAT = "-cp312-cp312-linux_x86_64.whl"
WANTED = "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0" + PLAT
STALE = "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.9.1" + PLAT
OLDER = "flash_attn-2.8.3-7_el9.6_rocm7.1_torch2.10.0" + PLAT
ABOVE = "flash_attn-2.8.3-9_el9.6_rocm7.1_torch2.10.0" + PLAT

type Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "index"


def fill(folder: pathlib.Path, *names: str) -> None:
    for name in names:
        write_wheel(folder / name)


def names(folder: pathlib.Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def plan(run: Run, *args: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return why each wheel is to delete, or kept."""
    [index] = json.loads(run("prune", "index", *args, "--format", "json").stdout)["indexes"]
    delete, keep = (
        {each["filename"]: each["reason"] for each in index[key]} for key in ("delete", "keep")
    )
    return delete, keep


def test_nothing_is_deleted_unless_it_is_asked_for(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE, OLDER)
    assert plan(run) == (
        {
            STALE: "another stack: the settings give 8_el9.6_rocm7.1_torch2.10.0, which is there",
            OLDER: "older build number: there is 8_el9.6_rocm7.1_torch2.10.0",
        },
        {},
    )
    assert names(folder) == {WANTED, STALE, OLDER}
    text = run("prune", "index", "--delete").stdout
    assert names(folder) == {WANTED}
    assert text.splitlines()[-1].startswith("index for rocm: 2 wheels deleted (")
    assert plan(run) == ({}, {})
    assert run("prune", "index").stdout == "index for rocm: 0 wheels to delete (0 B), 0 kept\n"


KEPT = [
    [STALE],
    [OLDER, STALE],
    [WANTED.replace("cp312", "cp311"), STALE],
    [WANTED.replace("linux_x86_64", "manylinux_2_28_x86_64"), STALE],
    [WANTED.replace("linux_x86_64", "linux_aarch64"), STALE],
    [WANTED.replace("2.8.3", "2.8.2"), STALE],
    [WANTED, ABOVE],
    ["torch-2.9.1-8" + PLAT],
    ["demo-1.0-2_el9.6-py3-none-any.whl"],
]


@pytest.mark.parametrize("wheels", KEPT)
def test_a_wheel_stays_if_nothing_does_its_job(
    wheels: list[str], run: Run, folder: pathlib.Path
) -> None:
    fill(folder, *wheels)
    delete, keep = plan(run, "--delete")
    assert delete == {}
    assert keep
    assert names(folder) == set(wheels)


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (WANTED, STALE.replace("linux_x86_64", "manylinux_2_28_x86_64")),
        (WANTED, STALE.replace("linux_x86_64", "manylinux2014_x86_64")),
        (WANTED.replace("linux", "manylinux_2_17"), STALE.replace("linux", "manylinux_2_28")),
        (WANTED.replace("linux", "manylinux2014"), STALE.replace("linux", "manylinux_2_17")),
        ("demo-1.0-2-py3-none-any.whl", "demo-1.0-2_el9.6-py3-none-any.whl"),
        ("demo-1.0-2-py3-none-any.whl", "demo-1.0-1_el9.6" + PLAT),
        ("demo-1.0-2-py3-none-any.whl", "demo-1.0-py2.py3-none-any.whl"),
    ],
)
def test_a_wheel_goes_if_another_fits_wherever_it_does(
    wanted: str, left: str, run: Run, folder: pathlib.Path
) -> None:
    fill(folder, wanted, left)
    assert list(plan(run, "--delete")[0]) == [left]
    assert names(folder) == {wanted}


def test_a_wanted_wheel_that_is_not_whole_does_no_job(run: Run, folder: pathlib.Path) -> None:
    fill(folder, STALE)
    (folder / WANTED).write_bytes(b"PK cut off")
    reason = "kept: the settings give 8_el9.6_rocm7.1_torch2.10.0, and no whole wheel has it: build"
    assert plan(run, "--delete") == ({}, {STALE: f"{reason} it"})
    assert names(folder) == {WANTED, STALE}


def test_a_higher_number_goes_only_when_asked_for(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, ABOVE)
    assert plan(run)[1] == {
        ABOVE: "kept: 9_el9.6_rocm7.1_torch2.10.0 is above 8_el9.6_rocm7.1_torch2.10.0: are the "
        "settings older?"
    }
    assert list(plan(run, "--foreign", "--delete")[0]) == [ABOVE]
    assert names(folder) == {WANTED}


def test_fromagers_links_go_too(run: Run, tmp_path: pathlib.Path) -> None:
    downloads = tmp_path / "repo" / "downloads"
    fill(downloads, WANTED, STALE)
    simple = tmp_path / "repo" / "simple" / "flash-attn"
    simple.mkdir(parents=True)
    for name in (WANTED, STALE):
        (simple / name).symlink_to(f"../../downloads/{name}")
    run("prune", "repo", "--delete")
    assert names(downloads) == names(simple) == {WANTED}


def test_a_url_is_listed_and_never_deleted(run: Run) -> None:
    with serve(html_index({"flash-attn": [WANTED, STALE]})) as server:
        url = f"{server.url}/simple/"
        assert "1 wheel to delete (0 B), 0 kept" in run("prune", url).stdout
        error = run("prune", url, "--delete", status=2).stderr
        assert f"--delete is for folders, not for {url}" in error
        del server.answers["/simple/flash-attn/"]
        error = run("prune", url, status=1).stderr
        assert error == (
            f"Error: {url}flash-attn/ cannot be read: status 404, there is no such page\n"
        )


def test_what_cannot_be_deleted_is_said(
    run: Run, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, WANTED, STALE)

    def refuse(self: pathlib.Path, *args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "unlink", refuse)
    error = run("prune", "index", "--delete", status=1).stderr
    assert error == f"Error: index/{STALE} cannot be deleted: Permission denied\n"


def test_markdown(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE, "torch-2.9.1-8" + PLAT)
    text = run("prune", "index", "--format", "markdown").stdout
    assert text.startswith("**`index` for `rocm`: 1 wheel to delete (")
    assert f"\n**to delete (1)**\n\n- `{STALE}` (" in text
    assert "\n**kept (1)**\n\n- `torch-2.9.1-8" in text


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "?"), (0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2 * 10**15, "2000.0 TB")],
)
def test_sizes(size: int | None, text: str) -> None:
    assert size_text(size) == text
