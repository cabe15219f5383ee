"""What several commands share: the settings tree, packages to look at, and output."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ..annotations import IGNORE
from ..errors import InputError
from ..files import write_text

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from ..plan import Wanted
    from ..rules.finding import Finding
    from ..rules.wheel.declared import Declared
    from ..tree import SettingsTree


def settings_tree(ctx: click.Context) -> SettingsTree:
    """Return the settings tree: fromager's own, or one that is loaded now.

    Raises:
        SettingsError: fromager cannot load it.
    """
    from ..tree import SettingsTree, load_settings_tree  # fromager takes a second to import

    if isinstance(ctx.obj, dict):
        return load_settings_tree(**ctx.obj)
    options = ctx.find_root().params
    return SettingsTree(
        ctx=ctx.obj,
        settings_file=options["settings_file"],
        settings_dir=options["settings_dir"],
    )


def declared_of(ctx: click.Context) -> Callable[[NormalizedName], Declared]:
    """Return what tells what is declared of a package; nothing is where there are no settings.

    Raises:
        InputError: the settings folder that was named is none.
        SettingsError: fromager cannot load the settings.
    """
    from packaging.requirements import Requirement

    from ..declared import declared_for_any
    from ..rules.wheel.declared import NOTHING

    root = ctx.find_root()
    folder = root.params["settings_dir"]
    if not folder.is_dir():
        if root.get_parameter_source("settings_dir") is not ParameterSource.DEFAULT:
            raise InputError(
                f"--settings-dir {str(folder)!r} is no folder, so nothing that is declared in it "
                "is known; correct it, or leave it out"
            )
        return lambda _: NOTHING
    tree = settings_tree(ctx)
    return lambda name: declared_for_any(tree.ctx, Requirement(name))


def with_reasons(tree: SettingsTree, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Mark the findings that the settings of their package say to ignore."""
    from packaging.utils import InvalidName, canonicalize_name

    for finding in findings:
        try:
            name = canonicalize_name(finding.subject, validate=True)
        except InvalidName:  # of an index, which can hold anything
            yield finding
            continue
        annotations = tree.settings.package_setting(name).annotations or {}
        reason = annotations.get(f"{IGNORE}{finding.code}", "").strip()
        yield dataclasses.replace(finding, ignored=reason) if reason else finding


def write(text: str, output: pathlib.Path | None) -> None:
    """Print a result, or write it to a file as a whole."""
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text)


def real_keys(
    build_files: Iterable[pathlib.Path], folders: Iterable[pathlib.Path]
) -> list[tuple[str, str]]:
    """Return the packages and versions of real builds: of fromager's files, of wheels in folders.

    Raises:
        InputError: a file is not fromager's, or a folder has no wheels.
    """
    keys: dict[tuple[str, str], None] = {}
    for file in build_files:
        from ..wanted import from_build_file

        for wanted in from_build_file(file):
            keys.update({(wanted.package, str(version)): None for version in wanted.versions or ()})
    for folder in folders:
        keys.update(dict.fromkeys(_wheels(folder)))
    return list(keys)


def _wheels(folder: pathlib.Path) -> Iterator[tuple[str, str]]:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    found = sorted(folder.rglob("*.whl"))
    if not found:
        raise InputError(f"there are no wheels in {folder}")
    for path in found:
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            click.echo(f"{path} is not counted: it has no name of a wheel", err=True)
        else:
            yield name, str(version)


def wanted_of(keys: Iterable[tuple[str, str]]) -> list[Wanted]:
    """Return packages and versions as a plan wants them."""
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    from ..plan import Wanted

    versions: dict[NormalizedName, list[Version]] = {}
    for package, version in keys:
        versions.setdefault(canonicalize_name(package), []).append(Version(version))
    return [Wanted(package=name, versions=tuple(sorted(versions[name]))) for name in versions]


here_option = click.option(
    "--here", is_flag=True, help="ask this machine, too: os-release, variables, constraints"
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=pathlib.Path, dir_okay=False),
    help="write to a file instead of stdout",
)
