"""``init``: write a new settings tree."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator, Sequence

import click

from ..add.initial import SETTINGS_FILE, InitialFile, ci_files, settings_files, write_initial
from ..errors import InputError
from ..files import alone, real_path
from ..settings.discover import places_in
from ..settings.layout import VARIANTS_DIR
from ..stack.machine import detect
from . import common
from .settings_options import named_settings

_EXAMPLE = "markupsafe==3.0.3"
#: They name other settings than those at fromager's default places.
_VARIABLES = ("FROMAGER_SETTINGS_FILE", "FROMAGER_SETTINGS_DIR", VARIANTS_DIR)


@click.command()
@click.argument(
    "folder", metavar="[DIR]", default=".", type=click.Path(path_type=pathlib.Path, file_okay=False)
)
@click.option(
    "--variant", "variants", metavar="NAME", multiple=True, help="a variant  [default: cpu]"
)
@click.option(
    "--ci", type=click.Choice(["github", "gitlab"]), help="also a job that reviews pull requests"
)
@click.option("--pre-commit", is_flag=True, help="also a hook for pre-commit")
@click.pass_context
def init(
    ctx: click.Context,
    folder: pathlib.Path,
    variants: tuple[str, ...],
    ci: str | None,
    pre_commit: bool,
) -> None:
    """Write a new settings tree in DIR, the current folder by default.

    Its place is where fromager looks without an option: the folder overrides. An existing file is
    never changed. With settings, the default is to add no variant.
    """
    _refuse_other_settings(folder)
    extra = [*ci_files(ci, pre_commit=pre_commit)]
    if extra:
        _refuse_subfolder(folder, extra[0].path)
    with alone(folder):
        if not variants and not (folder / SETTINGS_FILE).exists():
            variants = (named_settings(ctx).get("variant", common.DEFAULT_VARIANT),)
        distro = detect({}, ()).distro
        files = [*extra, *settings_files(variants, distro.value if distro else None)]
        written, kept = write_initial(folder, files)
    names = [f"wrote {common.relative(path)}{'/' * path.is_dir()}" for path in sorted(written)]
    is_new = all(file.path != SETTINGS_FILE for file in kept)
    common.write([*names, *_next_steps(folder, variants if is_new else ())], None)
    for file in kept:
        _note_kept(folder / file.path, file)
    for name in _VARIABLES:
        if value := os.environ.get(name):
            common.note(f"{name}={value} is set, so this tree is not used: unset it")


def _refuse_other_settings(folder: pathlib.Path) -> None:
    """Refuse a folder whose settings are at other places: the commands would find only one tree."""
    found = places_in(folder)
    if found and found.settings_file != folder / SETTINGS_FILE:
        raise InputError(
            f"{folder} has settings already, {found.settings_file}, and a second tree would hide "
            "them, or never be used: name a folder without settings"
        )


def _refuse_subfolder(folder: pathlib.Path, file: pathlib.Path) -> None:
    """Refuse a folder inside a repository: the files of CI services work at its top alone."""
    path = real_path(folder)
    top = next((each for each in (path, *path.parents) if (each / ".git").exists()), path)
    if top != path:
        raise InputError(
            f"{file} works only in the top folder of a repository, which is {top}: run init "
            "without --ci and --pre-commit, or there"
        )


def _next_steps(folder: pathlib.Path, variants: Sequence[str]) -> Iterator[str]:
    """Yield the next commands: a first wheel of a new tree."""
    yield "Next:" if folder == pathlib.Path() else f"Next, in {folder}:"
    yield "  fromager-build-tags check"
    if variants:
        option = "" if variants[0] == "cpu" else f"--variant {variants[0]} "
        yield f"  fromager-build-tags show {_EXAMPLE}"
        yield f"  fromager {option}bootstrap {_EXAMPLE}"


def _note_kept(path: pathlib.Path, file: InitialFile) -> None:
    common.note(f"kept {common.relative(path)}" + (", to which you have to add:" * file.is_shared))
    for line in file.text.splitlines() if file.is_shared else ():
        common.note(f"  {line}")
