"""``prune``: obsolete wheels, and never a wheel without a replacement."""

from __future__ import annotations

import json
import pathlib
import zipfile
from collections.abc import Callable, Iterable

import pytest
from click.testing import Result

from fromager_build_tags.index.pruning import Decision
from fromager_build_tags.text import size_text

from .simple_server import html_index, serve
from .wheels import OLDER, PLAT, STALE, WANTED, fill, names, write_wheel

ABOVE = "flash_attn-2.8.3-9_el9.6_rocm7.1_torch2.10.0" + PLAT

type Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "index"


def plan(run: Run, *args: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return why each wheel is to delete, or kept."""
    [index] = json.loads(run("prune", "index", *args, "--format", "json").stdout)["indexes"]
    delete, keep = (
        {each["filename"]: each["reason"] for each in index[key]} for key in ("delete", "keep")
    )
    return delete, keep


def test_nothing_is_deleted_without_the_option(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE, OLDER)
    assert plan(run) == (
        {
            STALE: f"other stack, replaced by {WANTED}",
            OLDER: f"older build number, replaced by {WANTED}",
        },
        {},
    )
    assert names(folder) == {WANTED, STALE, OLDER}
    text = run("prune", "index", "--delete").stdout
    assert names(folder) == {WANTED}
    assert text.splitlines()[-1].startswith("index for rocm: 2 wheels deleted (")
    assert plan(run) == ({}, {})
    assert run("prune", "index").stdout == (
        "index for rocm: 0 wheels to delete (0 B), 0 kept, of 1 wheel\n"
    )


def test_a_wheel_with_another_label_is_no_replacement(run: Run, folder: pathlib.Path) -> None:
    def labelled(name: str) -> str:
        return name.replace(".whl", "-rocm7.1.whl")

    fill(folder, STALE, WANTED)
    for name in (STALE, WANTED):
        (folder / name).rename(folder / labelled(name))
    assert plan(run) == ({labelled(STALE): f"other stack, replaced by {labelled(WANTED)}"}, {})
    fill(folder, OLDER)
    tag = WANTED.split("-")[2]
    kept = f"kept: its replacement with build tag {tag} is not in the index; build it first"
    assert plan(run)[1] == {OLDER: kept}
    for path in folder.iterdir():
        path.unlink()
    fill(folder, STALE, WANTED)
    (folder / STALE).rename(folder / labelled(STALE))
    assert plan(run) == ({}, {labelled(STALE): kept})


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
    ["demo-1.0-2-py3-none-any.whl", "demo-1.0-1_el9.6" + PLAT],
    ["demo-1.0-2_el9.6-py3-none-linux_x86_64.whl", "demo-1.0-1-py3-none-any.whl"],
]


@pytest.mark.parametrize("wheels", KEPT)
def test_a_wheel_without_a_replacement_is_kept(
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
        ("demo-1.0-2-py3-none-any.whl", "demo-1.0-py2.py3-none-any.whl"),
    ],
)
def test_a_wheel_is_deleted_if_another_fits_wherever_it_fits(
    wanted: str, left: str, run: Run, folder: pathlib.Path
) -> None:
    fill(folder, wanted, left)
    assert list(plan(run, "--delete")[0]) == [left]
    assert names(folder) == {wanted}


def test_an_incomplete_replacement_replaces_nothing(run: Run, folder: pathlib.Path) -> None:
    fill(folder, STALE)
    (folder / WANTED).write_bytes(b"PK cut off")
    reason = "is damaged: not a zip archive, or truncated (File is not a zip file)"
    kept = f"kept: its replacement {WANTED} {reason}"
    assert plan(run, "--delete") == ({}, {STALE: kept})
    assert names(folder) == {WANTED, STALE}


def test_a_wanted_wheel_is_read_to_its_end(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE)
    whole = (folder / WANTED).read_bytes()
    text = WANTED.encode()  # its content holds its own name
    (folder / WANTED).write_bytes(whole.replace(text, text.swapcase(), 1))
    delete, keep = plan(run, "--delete")
    assert delete == {}
    assert keep[STALE] == (
        f"kept: its replacement {WANTED} is damaged: its member 'flash_attn_name.txt' is "
        "damaged: Bad CRC-32 for file 'flash_attn_name.txt'"
    )
    (folder / WANTED).write_bytes(whole)
    assert list(plan(run, "--delete")[0]) == [STALE]


@pytest.mark.parametrize(
    ("files", "leave_out", "reason"),
    [
        ({}, "flash_attn-2.8.3.dist-info/WHEEL", "it has no 'flash_attn-2.8.3.dist-info/WHEEL'"),
        ({}, "flash_attn-2.8.3.dist-info/RECORD", "'flash_attn-2.8.3.dist-info/RECORD' is missing"),
        ({}, "flash_attn_name.txt", "'flash_attn_name.txt' of its RECORD is missing"),
        (
            {"flash_attn-2.8.3.dist-info/METADATA": b"Name: pillow\nVersion: 12.2.0\n"},
            "",
            "the file name is for flash-attn 2.8.3, but METADATA is for pillow 12.2.0",
        ),
        (
            {"flash_attn-2.8.3.dist-info/METADATA": b"Name: flash-attn\nVersion: new\n"},
            "",
            "its METADATA has no valid Version (Invalid version: 'new')",
        ),
        (
            {"flash_attn-2.8.3.dist-info/RECORD": b"x" * 200_000 + b",,"},
            "",
            "RECORD cannot be read: field larger than field limit (131072)",
        ),
    ],
)
def test_a_wanted_wheel_holds_what_installers_need(
    files: dict[str, bytes], leave_out: str, reason: str, run: Run, folder: pathlib.Path
) -> None:
    fill(folder, STALE)
    with zipfile.ZipFile(write_wheel(folder / "whole" / WANTED)) as whole:
        content = {name: whole.read(name) for name in whole.namelist()} | files
    with zipfile.ZipFile(folder / WANTED, "w") as wheel:
        for name in content.keys() - {leave_out}:
            wheel.writestr(name, content[name])
    (folder / "whole" / WANTED).unlink()
    kept = f"kept: its replacement {WANTED} is damaged: {reason}"
    assert plan(run, "--delete") == ({}, {STALE: kept})


def test_a_record_may_list_folders(run: Run, folder: pathlib.Path) -> None:
    fill(folder, STALE)
    info = "flash_attn-2.8.3.dist-info"
    members = ["flash_attn/", "flash_attn_name.txt", f"{info}/METADATA", f"{info}/WHEEL"]
    record = "".join(f"{each},,\n" for each in members)
    write_wheel(folder / WANTED, {f"{info}/RECORD": record.encode()})
    assert list(plan(run)[0]) == [STALE]


def test_a_link_to_a_wheel_does_not_replace_it(run: Run, folder: pathlib.Path) -> None:
    fill(folder, STALE)
    (folder / WANTED).symlink_to(STALE)
    assert plan(run, "--delete") == (
        {},
        {STALE: f"kept: its replacement {WANTED} is the same file"},
    )


@pytest.mark.parametrize("place", ["pool", "pool/files"])
def test_a_pool_is_not_pruned(place: str, run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE)
    run("merge", "pool", f"rocm={folder}")
    result = run("prune", f"rocm={place}", "--delete", status=2)
    assert (
        f"{place} belongs to a pool, whose pages list its wheels: prune the folders that are "
        "merged, and merge them into a new pool\n"
    ) in result.stderr


def test_a_file_stays_to_which_a_link_leads_that_stays(
    run: Run, folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """As a pipeline copies it, for an index with another changelog."""
    fill(folder, "demo-1.0-1-py3-none-any.whl", "demo-1.0-2-py3-none-any.whl", WANTED, STALE)
    (tmp_path / "other").mkdir()
    link = tmp_path / "other" / "demo-1.0-1-py3-none-any.whl"
    link.symlink_to(f"../index/{link.name}")
    fill(tmp_path / "other", "pillow-12.2.0-2_fc43" + PLAT)
    stdout = run("prune", "rocm=index", "cuda=other", "--delete").stdout
    assert f"kept: the link other/{link.name} leads to it\n" in stdout
    assert names(folder) == {"demo-1.0-1-py3-none-any.whl", "demo-1.0-2-py3-none-any.whl", WANTED}
    assert link.exists()
    assert list(plan(run, "--delete")[0]) == ["demo-1.0-1-py3-none-any.whl"]


CUDA = "flash_attn-2.8.3-8_fc43_cuda13.0_torch2.9.1" + PLAT
OLD_CUDA = "flash_attn-2.8.3-7_el9.6_cuda12.9_torch2.9.1" + PLAT


def test_a_wheel_for_another_accelerator_is_kept_without_the_option(
    run: Run, folder: pathlib.Path
) -> None:
    """A wheel for ROCm never replaces a wheel for CUDA, though both fit the machine."""
    fill(folder, WANTED, STALE, CUDA, OLD_CUDA)
    delete, keep = plan(run, "--delete")
    assert list(delete) == [STALE]
    assert keep == {
        CUDA: "kept: it is for cuda13.0, not rocm; move it to another index, or use --foreign",
        OLD_CUDA: "kept: it is for cuda12.9, not rocm; move it to another index, or use --foreign",
    }
    [index] = json.loads(run("prune", "cuda=index", "--format", "json").stdout)["indexes"]
    assert [each["filename"] for each in index["delete"]] == [OLD_CUDA]
    assert [each["filename"] for each in index["keep"]] == [WANTED]
    assert sorted(plan(run, "--delete", "--foreign")[0]) == sorted([CUDA, OLD_CUDA])
    assert names(folder) == {WANTED}


#: Of a family with two stacks: the wheels that are there, and those of them that go.
FAMILY = [
    ([("1", "12.9"), ("2", "13.0")], []),
    ([("1", "12.9"), ("2", "12.9")], [("1", "12.9")]),
    ([("1", "12.9"), ("1", "13.0"), ("2", "13.0")], [("1", "13.0")]),
    ([("1", "12.8"), ("2", "13.0")], []),
    ([("1", "12.8"), ("2", "13.0"), ("2", "12.9")], [("1", "12.8")]),
    ([("1", ""), ("2", "13.0")], []),
    ([("1", ""), ("2", "13.0"), ("2", "12.9")], [("1", "")]),
]


@pytest.mark.parametrize(("there", "gone"), FAMILY)
def test_each_stack_of_a_family_keeps_its_wheel(
    there: list[tuple[str, str]],
    gone: list[tuple[str, str]],
    run: Run,
    tree: pathlib.Path,
    folder: pathlib.Path,
) -> None:
    stack = "  - {{distro: el9.8, cuda_version: '{0}', torch_version: '2.13.0'}}\n"
    stacks = stack.format("13.0") + stack.format("12.9")
    (tree / "variants/cuda-ubi9.yaml").write_text(f"stacks:\n{stacks}")
    settings = tree / "settings.yaml"
    settings.write_text(
        settings.read_text().replace("changelog:\n", "changelog:\n  cuda-ubi9: [one, two]\n")
    )

    def name(each: tuple[str, str]) -> str:
        number, cuda = each
        return f"torch-2.13.0-{number}_el9.8{f'_cuda{cuda}' if cuda else ''}{PLAT}"

    fill(folder, *map(name, there))
    arguments = ("prune", "cuda-ubi9=index", "--delete", "--format", "json")
    [report] = json.loads(run(*arguments).stdout)["indexes"]
    new = [name(each) for each in there if each[0] == "2"]
    assert [each["filename"] for each in report["delete"]] == [name(each) for each in gone]
    for each in report["delete"]:
        replacing = each["reason"].removeprefix("older build number, replaced by ")
        assert set(replacing.split(" and ")) <= set(new)
    assert names(folder) == {name(each) for each in there if each not in gone}
    if gone == []:
        missing = "2_el9.8_cuda12.9"
        reason = (
            f"kept: its replacement with build tag {missing} is not in the index; build it first"
        )
        if there[0][1] != "12.9":  # a wheel of no stack, for which one of two replacements is there
            reason += ", or name the stack of the index as VARIANT:STACK=INDEX"
        assert [each["reason"] for each in report["keep"]] == [reason]


def test_a_higher_number_is_kept_without_the_option(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, ABOVE)
    assert plan(run)[1] == {
        ABOVE: "kept: build tag 9_el9.6_rocm7.1_torch2.10.0 is above 8_el9.6_rocm7.1_torch2.10.0 "
        "from the settings; update the settings, or use --foreign"
    }
    assert list(plan(run, "--foreign", "--delete")[0]) == [ABOVE]
    assert names(folder) == {WANTED}


@pytest.mark.parametrize("index", ["repo", "repo/downloads"])
def test_no_link_of_fromagers_is_left_dangling(
    index: str, run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads, simple = fromagers(tmp_path / "repo", WANTED, STALE)
    run("prune", index, "--delete")
    assert names(downloads) == names(simple) == {WANTED}
    assert all(path.exists() for path in simple.iterdir())


def test_nor_is_one_of_the_current_folder(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads, simple = fromagers(tmp_path / "repo", WANTED, STALE)
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", str(tmp_path / "settings/settings.yaml"))
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", str(tmp_path / "settings/packages"))
    monkeypatch.chdir(downloads)
    run("prune", ".", "--delete")
    assert names(downloads) == names(simple) == {WANTED}


def test_an_index_of_links_is_refused(run: Run, tmp_path: pathlib.Path) -> None:
    downloads, simple = fromagers(tmp_path / "repo", WANTED, STALE)
    for delete in ([], ["--delete"]):
        result = run("prune", "repo/simple", *delete, status=1)
        assert result.stderr == "Error: repo/simple contains links only: prune repo instead\n"
        assert result.stdout == ""
    other = tmp_path / "other"
    other.mkdir()
    for name in (WANTED, STALE):
        (other / name).symlink_to(downloads / name)
    assert "prune repo instead" in run("prune", "other", status=1).stderr
    assert names(downloads) == names(simple) == {WANTED, STALE}


def test_a_link_among_wheels_frees_nothing(
    run: Run, folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    fill(folder, WANTED)
    fill(tmp_path, STALE)
    (folder / STALE).symlink_to(tmp_path / STALE)
    assert "1 wheel deleted (0 B), 0 kept" in run("prune", "index", "--delete").stdout
    assert names(folder) == {WANTED}
    assert (tmp_path / STALE).exists()


def test_another_name_of_a_file_frees_nothing(
    run: Run, folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    fill(folder, WANTED, STALE)
    (tmp_path / STALE).hardlink_to(folder / STALE)
    assert "1 wheel deleted (0 B), 0 kept" in run("prune", "index", "--delete").stdout
    assert (tmp_path / STALE).exists()


def fromagers(repo: pathlib.Path, *wheels: str) -> tuple[pathlib.Path, pathlib.Path]:
    """Make a ``wheels-repo`` of wheels of flash-attn; return both folders that list them."""
    downloads, simple = repo / "downloads", repo / "simple" / "flash-attn"
    fill(downloads, *wheels)
    simple.mkdir(parents=True)
    for name in wheels:
        (simple / name).symlink_to(f"../../downloads/{name}")
    return downloads, simple


def test_what_lies_beside_a_wheel_goes_with_it(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE)
    beside = [".asc", ".metadata"]
    for wheel in (WANTED, STALE):
        for suffix in beside:
            (folder / f"{wheel}{suffix}").write_bytes(b"x" * 1000)
    [index] = json.loads(run("prune", "index", "--format", "json").stdout)["indexes"]
    [gone] = index["delete"]
    assert gone["bytes"] == index["bytes"] == (folder / STALE).stat().st_size
    text = run("prune", "index", "--delete").stdout
    assert names(folder) == {WANTED, *(f"{WANTED}{suffix}" for suffix in beside)}
    assert "index for rocm: 1 wheel deleted (" in text


def test_a_report_that_cannot_be_written_is_known_before_anything_is_lost(
    run: Run, folder: pathlib.Path
) -> None:
    fill(folder, WANTED, STALE)
    error = run("prune", "index", "--delete", "-o", "nowhere/report", status=1).stderr
    assert "nowhere/report cannot be written: No such file or directory" in error
    assert names(folder) == {WANTED, STALE}
    run("prune", "index", "--delete", "-o", "report")
    assert "1 wheel deleted" in (folder.parent / "report").read_text()


@pytest.mark.parametrize("index", ["", " ", "rocm="])
def test_an_index_that_is_nowhere_is_refused(
    index: str, run: Run, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, WANTED, STALE)
    fill(folder.parent, WANTED, STALE)
    result = run("prune", "--delete", "index", index, status=1)
    assert result.stderr == (
        f"Error: INDEX {index!r} is empty: check that the variable in it is set\n"
    )
    assert names(folder) == {WANTED, STALE}
    assert (folder.parent / STALE).exists()


def test_a_folder_is_not_pruned_for_two_variants_at_once(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, "flash_attn-2.8.3-8_fc43_cuda13.0_torch2.9.1" + PLAT)
    for other in ("index", "index/../index", "."):
        error = run("prune", "--delete", "rocm=index", f"cuda={other}", status=2).stderr
        text = " ".join(error.split())
        assert (
            f"--delete cannot take index and {other} together: they contain the same wheels" in text
        )
    assert len(names(folder)) == 2


def test_a_url_is_listed_and_never_deleted(run: Run) -> None:
    with serve(html_index({"flash-attn": [WANTED, STALE]})) as server:
        url = f"{server.url}/simple/"
        assert "1 wheel to delete (size unknown), 0 kept" in run("prune", url).stdout
        error = run("prune", url, "--delete", status=2).stderr
        assert f"--delete works on folders only, not on {url}" in error
        del server.answers["/simple/flash-attn/"]
        error = run("prune", url, status=1).stderr
        assert error == (f"Error: {url}flash-attn/ cannot be read: status 404: not found\n")


def test_a_wheel_that_cannot_be_deleted_is_reported(
    run: Run, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, WANTED, STALE)

    def refuse(self: pathlib.Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "unlink", refuse)
    result = run("prune", "index", "--delete", status=1)
    assert result.stderr == f"Error: index/{STALE} cannot be deleted: Permission denied\n"
    assert "kept: it cannot be deleted\n" in result.stdout
    assert result.stdout.splitlines()[-1] == (
        "index for rocm: 0 wheels deleted (0 B), 1 kept, of 2 wheels"
    )


def test_a_companion_that_cannot_be_deleted_is_reported(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE)
    (folder / f"{STALE}.asc").mkdir()
    result = run("prune", "index", "--delete", status=1)
    assert result.stderr == f"Error: index/{STALE}.asc cannot be deleted: Is a directory\n"
    assert "index for rocm: 1 wheel deleted (" in result.stdout
    assert names(folder) == {WANTED, f"{STALE}.asc"}


def test_a_wheel_stays_whose_replacement_is_gone_when_it_comes_to_it(
    run: Run, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, WANTED, STALE)

    def meanwhile(decisions: Iterable[Decision], links: object) -> list[Decision]:
        (folder / WANTED).unlink()
        return list(decisions)

    monkeypatch.setattr("fromager_build_tags.commands.prune.keep_linked", meanwhile)
    lines = run("prune", "index", "--delete").stdout.splitlines()
    assert lines[1].endswith(
        f"kept: its replacement {WANTED} is damaged: No such file or directory"
    )
    assert lines[-1] == "index for rocm: 0 wheels deleted (0 B), 1 kept, of 2 wheels"
    assert names(folder) == {STALE}


def test_markdown(run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE, "torch-2.9.1-8" + PLAT)
    text = run("prune", "index", "--format", "markdown").stdout
    assert text.startswith("**index for rocm: 1 wheel to delete (")
    assert f"\n| `delete` | `{STALE}` | " in text
    assert "\n| `keep` | `torch-2.9.1-8" in text


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "?"), (0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2 * 10**15, "2000.0 TB")],
)
def test_sizes(size: int | None, text: str) -> None:
    assert size_text(size) == text
