"""No wheel is deleted that fromager, pip or uv would take and that has no equal."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from fromager_build_tags.index import deletion

from .wheels import OLDER, PLAT, STALE, WANTED, fill, names, write_wheel

type Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "index"


def delete(run: Run, *args: str, status: int = 0) -> tuple[list[str], dict[str, str]]:
    """Return the wheels that ``prune --delete`` deletes, and why it keeps others."""
    result = run("prune", *args, "--delete", "--format", "json", status=status)
    indexes = json.loads(result.stdout)["indexes"]
    deleted = [each["filename"] for index in indexes for each in index["delete"]]
    kept = {each["location"]: each["reason"] for index in indexes for each in index["keep"]}
    return deleted, kept


def truncate(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def replace_by_another(path: pathlib.Path) -> None:
    other = write_wheel(path.parent / "other" / "pillow-12.2.0-1-cp312-cp312-linux_x86_64.whl")
    other.replace(path)
    other.parent.rmdir()


def link_to_old(path: pathlib.Path) -> None:
    path.unlink()
    path.symlink_to(STALE)


def hard_link_to_old(path: pathlib.Path) -> None:
    path.unlink()
    path.hardlink_to(path.with_name(STALE))


def alter_in_place(path: pathlib.Path) -> None:
    """Change a byte, and hide that from whoever looks at size and time of change alone."""
    known, content = path.stat(), path.read_bytes()
    with path.open("r+b") as file:
        file.write(content.replace(b"flash_attn-2.8.3-8", b"flash_attn-2.8.3-9", 1))
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


def alter_with_checksum(path: pathlib.Path) -> None:
    """Write another content, with a valid checksum, and leave the RECORD as it is."""
    write_wheel(path, {"flash_attn_name.txt": b"another"})
    record = b"flash_attn_name.txt,sha256=AAAA,7\n" + b"".join(
        b"flash_attn-2.8.3.dist-info/%s,,\n" % each for each in (b"METADATA", b"WHEEL", b"RECORD")
    )
    files = {"flash_attn_name.txt": b"another", "flash_attn-2.8.3.dist-info/RECORD": record}
    write_wheel(path, files)


def make_pipe(path: pathlib.Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES = [
    (pathlib.Path.unlink, "is damaged: No such file or directory"),
    (truncate, "is damaged: not a zip archive, or truncated"),
    (replace_by_another, "is damaged: the file name is for flash-attn 2.8.3, but METADATA is for"),
    (link_to_old, "is the same file"),
    (hard_link_to_old, "is the same file"),
    (alter_in_place, "Bad CRC-32"),
    (alter_with_checksum, "'flash_attn_name.txt' has another hash than in its RECORD"),
    (make_pipe, "is damaged: it is not a regular file"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
@pytest.mark.parametrize("before", [True, False])
def test_a_replacement_is_read_again_right_before_each_deletion(
    change: Callable[[pathlib.Path], object],
    reason: str,
    before: bool,
    run: Run,
    folder: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether the replacement changes before the plan, or between the plan and the deletion."""
    fill(folder, WANTED, STALE)
    really = deletion.delete

    def meanwhile(*args: Any) -> Any:
        change(folder / WANTED)
        return really(*args)

    if before:
        change(folder / WANTED)
    else:
        monkeypatch.setattr("fromager_build_tags.commands.prune.delete_wheels", meanwhile)
    deleted, kept = delete(run, "index")
    assert deleted == []
    [text] = (each for location, each in kept.items() if location.endswith(STALE))
    assert any(each in text for each in (reason, "is not in the index", "leads to it"))
    assert (folder / STALE).is_file()


def test_a_replacement_that_changes_between_two_deletions(
    run: Run, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, WANTED, STALE, OLDER)
    really = pathlib.Path.unlink

    def then_truncate(self: pathlib.Path, *, missing_ok: bool = False) -> None:
        really(self, missing_ok=missing_ok)
        if self.suffix == ".whl":
            alter_in_place(folder / WANTED)

    monkeypatch.setattr(pathlib.Path, "unlink", then_truncate)
    deleted, kept = delete(run, "index")
    assert len(deleted) == len(kept) == 1
    assert names(folder) == {WANTED, *(each.rpartition("/")[2] for each in kept)}


METADATA = b"Metadata-Version: 2.1\nName: flash-attn\nVersion: 2.8.3\n"
TAGGED = b"Wheel-Version: 1.0\nBuild: 8_el9.6_rocm7.1_torch2.10.0\nTag: %s\n"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"flash_attn-2.8.3.dist-info/RECORD": b""}, "is not in its RECORD"),
        ({"flash_attn-2.8.3.dist-info/RECORD": b"\n\n"}, "is not in its RECORD"),
        (
            {"flash_attn-2.8.3.dist-info/WHEEL": b"Wheel-Version: 1.0\nBuild: 7_el9.6\n"},
            "has the build tag '8_el9.6_rocm7.1_torch2.10.0', but WHEEL has Build: 7_el9.6",
        ),
        (
            {"flash_attn-2.8.3.dist-info/METADATA": b"Name: flash-attn\nVersion: 2.8.2\n"},
            "but METADATA is for flash-attn 2.8.2",
        ),
        (
            {"flash_attn-2.8.3.dist-info/WHEEL": TAGGED % b"cp311-cp311-linux_x86_64"},
            "WHEEL has the tag cp311-cp311-linux_x86_64, not those of the name",
        ),
        (
            {
                "flash_attn-2.8.3.dist-info/WHEEL": TAGGED
                % b"-".join([b".".join([b"x"] * 9_000)] * 3)
            },
            "not those of the name",
        ),
        (
            {"flash_attn-2.8.3.dist-info/METADATA": METADATA + b"Requires-Python: >=3.13\n"},
            "requires Python >=3.13, and this wheel does not",
        ),
    ],
)
def test_a_replacement_matches_its_name(
    files: dict[str, bytes], reason: str, run: Run, folder: pathlib.Path
) -> None:
    fill(folder, STALE)
    write_wheel(folder / WANTED, files)
    deleted, kept = delete(run, "index")
    assert deleted == []
    assert reason in kept[f"index/{STALE}"]
    assert names(folder) == {WANTED, STALE}


def test_a_replacement_contains_more_than_metadata(run: Run, folder: pathlib.Path) -> None:
    fill(folder, STALE)
    info = "flash_attn-2.8.3.dist-info"
    record = b"".join(b"%s/%s,,\n" % (info.encode(), each) for each in (b"METADATA", b"WHEEL"))
    write_wheel(folder / WANTED, {f"{info}/RECORD": record})
    subprocess.run(["zip", "-qd", folder / WANTED, "flash_attn_name.txt"], check=True)
    deleted, kept = delete(run, "index")
    assert deleted == []
    assert kept[f"index/{STALE}"].endswith("is damaged: it contains nothing but metadata")


LINKS = {
    "latest.whl": f"../index/{STALE}",
    f"deeper/still/{STALE}": f"../../{STALE}",
    f"deeper/{STALE}.bak": f"../{STALE}",
    ".hidden/old": f"../{STALE}",
    "absolute.whl": f"{{index}}/{STALE}",
    "through": f"deeper/../{STALE}",
}


@pytest.mark.parametrize("link", LINKS)
def test_a_wheel_is_kept_to_which_a_link_leads(link: str, run: Run, folder: pathlib.Path) -> None:
    fill(folder, WANTED, STALE, OLDER)
    (folder / "deeper").mkdir()
    path = folder / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(LINKS[link].format(index=folder))
    deleted, kept = delete(run, "index")
    assert deleted == [OLDER]
    assert kept == {f"index/{STALE}": f"kept: the link index/{link} leads to it"}
    assert path.exists()


def test_no_link_to_a_link_dangles(run: Run, folder: pathlib.Path) -> None:
    """A chain of links whose first one stays; and one that consists of obsolete wheels."""
    fill(folder, WANTED, STALE)
    (folder / OLDER).symlink_to(STALE)
    (folder / "latest").symlink_to(OLDER)
    deleted, kept = delete(run, "index")
    assert deleted == []
    assert set(kept.values()) == {"kept: the link index/latest leads to it"}
    (folder / "latest").unlink()
    assert delete(run, "index") == ([OLDER, STALE], {})
    assert names(folder) == {WANTED}


def test_a_link_that_cannot_be_deleted_keeps_its_target(
    run: Run, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, WANTED, STALE)
    (folder / OLDER).symlink_to(STALE)
    really = pathlib.Path.unlink

    def refuse(self: pathlib.Path, *, missing_ok: bool = False) -> None:
        if self.is_symlink():
            raise PermissionError(13, "Permission denied")
        really(self, missing_ok=missing_ok)

    monkeypatch.setattr(pathlib.Path, "unlink", refuse)
    deleted, kept = delete(run, "index", status=1)
    assert deleted == []
    assert kept[f"index/{STALE}"] == f"kept: the link index/{OLDER} leads to it"
    assert (folder / OLDER).exists()


def test_a_link_that_is_made_after_the_plan(
    run: Run, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, WANTED, STALE)
    really = deletion.delete

    def meanwhile(*args: Any) -> Any:
        (folder / "latest.whl").symlink_to(STALE)
        return really(*args)

    monkeypatch.setattr("fromager_build_tags.commands.prune.delete_wheels", meanwhile)
    assert delete(run, "index")[0] == []
    assert (folder / "latest.whl").exists()


def test_other_links_of_a_wheels_repo_count_for_one_of_its_folders(
    run: Run, tmp_path: pathlib.Path
) -> None:
    fill(tmp_path / "repo/downloads", WANTED, STALE)
    for name in ("prebuilt", "simple/flash-attn", "views/torch2.9.1"):
        (tmp_path / "repo" / name).mkdir(parents=True)
    view = tmp_path / "repo/views/torch2.9.1" / STALE
    view.symlink_to(f"../../downloads/{STALE}")
    for index in ("repo/downloads", "repo"):
        deleted, kept = delete(run, index)
        assert deleted == []
        assert "views/torch2.9.1" in kept[f"repo/downloads/{STALE}"]
    assert view.exists()


def test_a_folder_that_cannot_be_searched_for_links(
    run: Run, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, WANTED, STALE)
    (folder / "a/b").mkdir(parents=True)
    really = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("a/b"):
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = run("prune", "index", "--delete", status=1)
    assert result.stderr == ("Error: index/a/b cannot be searched for links: Permission denied\n")
    assert names(folder) == {WANTED, STALE, "a"}


def declare(tree: pathlib.Path, variant: str, text: str) -> None:
    (tree / "variants" / f"{variant}.yaml").write_text(text)
    settings = tree / "settings.yaml"
    content = settings.read_text()
    if f"\n  {variant}:" not in content:
        settings.write_text(content.replace("changelog:\n", f"changelog:\n  {variant}: [a, b]\n"))


ROCM = "distro: el9.6\nrocm_version: '7.1'\ntorch_version: '2.10.0'\n"
OLD_TORCH = ROCM.replace("2.10.0", "2.9.1")
HINT = "if that has another index, set index in both variant files, or use --foreign"
NEWER = STALE.replace("-8_", "-7_")


@pytest.mark.parametrize(
    ("other", "kept"),
    [
        (OLD_TORCH, "kept: it is current for variant rocm-old"),
        (f"{OLD_TORCH}index: rocm\n", "kept: it is current for variant rocm-old"),
        (OLD_TORCH.replace("distro: el9.6\n", ""), "kept: it can be current for variant rocm-old"),
        ("accelerator: rocm\n", "kept: it can be current for variant rocm-old"),
        (f"{OLD_TORCH}index: rocm-old\n", ""),
        ("accelerator: cuda\n", ""),
        (OLD_TORCH.replace("rocm_version: '7.1'", "accelerator: cpu"), ""),
    ],
)
def test_another_variant_keeps_its_current_wheels(
    other: str, kept: str, run: Run, tree: pathlib.Path, folder: pathlib.Path
) -> None:
    declare(tree, "rocm", f"{ROCM}index: rocm\n")
    declare(tree, "rocm-old", other)
    fill(folder, WANTED, STALE)
    deleted, reasons = delete(run, "index")
    assert deleted == ([] if kept else [STALE])
    assert [each.startswith(kept) for each in reasons.values()] == [True] * bool(kept)


def test_another_variant_keeps_wheels_whose_replacement_is_not_built_yet(
    run: Run, tree: pathlib.Path, folder: pathlib.Path
) -> None:
    declare(tree, "rocm-old", OLD_TORCH)
    fill(folder, WANTED, NEWER)
    assert delete(run, "index") == (
        [],
        {
            f"index/{NEWER}": "kept: its replacement 8_el9.6_rocm7.1_torch2.9.1 for variant "
            f"rocm-old is not in the index, or damaged; {HINT}"
        },
    )
    fill(folder, STALE)
    assert delete(run, "index")[0] == [NEWER]
    assert names(folder) == {WANTED, STALE}


def test_the_variants_of_the_example_have_indexes_of_their_own(
    run: Run, tree: pathlib.Path, folder: pathlib.Path
) -> None:
    """Another variant's current wheels are in its own index, so that prune keeps none here."""
    declare(tree, "rocm-old", f"{OLD_TORCH}index: rocm-old\n")
    fill(folder, WANTED, STALE)
    assert delete(run, "index") == ([STALE], {})


def test_another_variant_keeps_its_purelib_wheels(
    run: Run, tree: pathlib.Path, folder: pathlib.Path
) -> None:
    declare(tree, "rocm-old", OLD_TORCH)
    settings = tree / "settings.yaml"
    settings.write_text(settings.read_text().replace("  rocm-old: [a, b]", "  rocm-old: [a]"))
    old, new = "demo-1.0-1-py3-none-any.whl", "demo-1.0-2-py3-none-any.whl"
    fill(folder, old, new)
    assert delete(run, "index") == (
        [],
        {f"index/{old}": f"kept: it is current for variant rocm-old; {HINT}"},
    )
    assert delete(run, "index", "--foreign") == ([old], {})


def test_a_variant_whose_stacks_are_unknown_keeps_wheels(
    run: Run, tree: pathlib.Path, folder: pathlib.Path
) -> None:
    fill(folder, WANTED, STALE)
    declare(tree, "rocm", ROCM)  # without an index: it may be that of any variant
    (tree / "variants/cuda.yaml").write_text("distro: fc43\ncuda_version: 'x'\n")
    deleted, kept = delete(run, "index")
    assert deleted == []
    assert kept[f"index/{STALE}"].startswith(
        "kept: the tags of variant cuda cannot be computed: settings/variants/cuda.yaml:2: "
        "cuda_version: 'x'"
    )
    assert names(folder) == {WANTED, STALE}


def test_here_keeps_the_wheels_of_the_other_stacks(
    run: Run,
    tree: pathlib.Path,
    folder: pathlib.Path,
    os_release: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`--here` selects one stack of a family; the index has the wheels of all."""
    stack = "  - {{distro: el9.6, rocm_version: '7.1', torch_version: '{}'}}\n"
    declare(tree, "rocm", f"stacks:\n{stack.format('2.10.0')}{stack.format('2.9.1')}")
    monkeypatch.setenv("TORCH_VERSION", "2.10.0")
    monkeypatch.setenv("ROCM_VERSION", "7.1")
    fill(folder, WANTED, STALE)
    result = run("prune", "index", "--delete", "--here", "--format", "json", status=0)
    assert names(folder) == {WANTED, STALE}, result.output


@pytest.mark.parametrize(
    ("setting", "shown"),
    [("", "is not set"), ("  build_tag_hook: 'os:system'\n", "is 'os:system'")],
)
def test_nothing_is_deleted_without_our_hook(
    setting: str, shown: str, run: Run, tree: pathlib.Path, folder: pathlib.Path
) -> None:
    settings = tree / "settings.yaml"
    lines = settings.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("  build_tag_hook:"))
    lines[at] = setting
    if not setting:
        lines.remove("wheels:\n")
    settings.write_text("".join(lines))
    fill(folder, WANTED, STALE)
    result = run("prune", "index", "--delete", status=1)
    assert result.stderr.endswith(
        f"Error: nothing is deleted, because wheels.build_tag_hook {shown} in "
        "settings/settings.yaml: set it to 'fromager_build_tags.hooks:build_tag_hook'\n"
    )
    assert names(folder) == {WANTED, STALE}


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TORCH_VERSION", "2.9.1"), ("DISTRO", "el9.4"), ("VARIANTS_DIR", "settings/variants")],
)
def test_a_variable_that_was_left_set_deletes_nothing(
    variable: str,
    value: str,
    run: Run,
    folder: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"WHEEL_BUILD_TAG_{variable}"
    fill(folder, WANTED, STALE)
    monkeypatch.setenv(name, value)
    result = run("prune", "index", "--delete", status=2)
    assert (
        f"Error: nothing is deleted, because {name} changes the build tags of every variant: "
        "unset it, or confirm with --allow-variables"
    ) in " ".join(result.stderr.split())
    assert names(folder) == {WANTED, STALE}
    run("prune", "index")
    run("prune", "index", "--delete", "--allow-variables")
    expected = {"TORCH_VERSION": {STALE}, "DISTRO": {WANTED, STALE}, "VARIANTS_DIR": {WANTED}}
    assert names(folder) == expected[variable]


def refused(run: Run, one: str, other: str) -> bool:
    result = run("prune", "--delete", f"rocm={one}", f"cuda={other}", status=2)
    return "together: they contain the same wheels" in " ".join(result.stderr.split())


def test_a_folder_with_two_names_is_one(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index/flash-attn", WANTED, STALE)
    (tmp_path / "link").symlink_to("index")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/flash-attn").symlink_to("../index/flash-attn")
    for other in ("link", "other", "other/flash-attn", "index/flash-attn"):
        assert refused(run, "index", other)
        assert refused(run, other, "index")
    assert names(tmp_path / "index/flash-attn") == {WANTED, STALE}


def test_a_folder_with_two_names_inside_an_index(run: Run, folder: pathlib.Path) -> None:
    fill(folder / "flash-attn", WANTED, STALE)
    (folder / "flash_attn").symlink_to("flash-attn")
    assert delete(run, "index") == ([STALE], {})
    assert names(folder / "flash-attn") == {WANTED}


def test_a_bind_mount_is_seen_as_the_folder_that_it_shows(run: Run, tmp_path: pathlib.Path) -> None:
    fill(tmp_path / "index/flash-attn", WANTED, STALE)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    mount = ["mount", "--bind", str(tmp_path / "index/flash-attn"), str(mounted)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("bind mounts are not permitted here")
    try:
        assert refused(run, "index", "mounted")
        (tmp_path / "index/latest.whl").symlink_to(mounted / STALE)
        deleted, kept = delete(run, "index")
        assert deleted == []
        assert list(kept.values()) == ["kept: the link index/latest.whl leads to it"]
    finally:
        subprocess.run(["umount", mounted], check=True)


def test_folders_are_compared_by_inode(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a bind mount, where these are not permitted."""
    for name in ("one", "two"):
        fill(tmp_path / name, WANTED, STALE)
    really, shown = os.stat, str(tmp_path / "two")
    monkeypatch.setattr(
        "fromager_build_tags.commands.prune.os.stat",
        lambda path, **more: really("one" if str(path) in {"two", shown} else path, **more),
    )
    assert refused(run, "one", "two")


@pytest.mark.parametrize("left", [[".asc"], [".metadata"], [".asc", ".metadata"]])
def test_what_a_killed_run_left_is_deleted(
    left: list[str], run: Run, tmp_path: pathlib.Path
) -> None:
    downloads, simple = tmp_path / "repo/downloads", tmp_path / "repo/simple/flash-attn"
    fill(downloads, WANTED)
    (tmp_path / "repo/prebuilt").mkdir()
    simple.mkdir(parents=True)
    for name in (WANTED, STALE):
        (simple / name).symlink_to(f"../../downloads/{name}")
    for name in (WANTED, STALE, "flash_attn-2.8.3-9_el9.6" + PLAT, "torch-9-1" + PLAT):
        for suffix in left:
            (downloads / f"{name}{suffix}").write_bytes(b"x")
    deleted, kept = delete(run, "repo")
    assert (deleted, kept) == ([STALE], {})
    assert names(simple) == {WANTED}
    assert {each for each in names(downloads) if STALE in each} == set()
    assert len(names(downloads)) == 1 + 3 * len(left)  # what belongs to no obsolete wheel stays
    assert delete(run, "repo") == ([], {})


def test_a_dangling_link_of_fromagers_alone_is_deleted(run: Run, tmp_path: pathlib.Path) -> None:
    downloads, simple = tmp_path / "repo/downloads", tmp_path / "repo/simple/flash-attn"
    fill(downloads, WANTED)
    simple.mkdir(parents=True)
    for name in (WANTED, STALE, OLDER):
        (simple / name).symlink_to(f"../../downloads/{name}")
    for index in ("repo", "repo/downloads"):
        delete(run, index)
        assert names(simple) == {WANTED}


def test_a_leftover_is_no_replacement(run: Run, folder: pathlib.Path) -> None:
    fill(folder, STALE)
    (folder / f"{WANTED}.asc").write_bytes(b"x")
    deleted, kept = delete(run, "index")
    assert deleted == []
    assert list(kept) == [f"index/{STALE}"]
    assert names(folder) == {STALE, f"{WANTED}.asc"}
