"""What several commands share: the settings tree, packages to look at, and output."""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ..errors import InputError, OutputError
from ..plan.lockfile import public_version
from ..review.change import Wheels
from ..settings.annotations import IGNORE
from ..stack.variables import FACTS, explicit_variable

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..findings.finding import Finding
    from ..plan.model import Wanted
    from ..review.snapshot import Side
    from ..settings.tree import SettingsTree
    from ..verify.checks.exempted import Declared


def planned_tree(ctx: click.Context) -> SettingsTree:
    """Return the settings tree with every override loaded, so that tags can be planned.

    Raises:
        SettingsError: fromager cannot load the settings.
        PluginError: fromager cannot load the overrides.
    """
    from ..plan.plugins import load_overrides  # fromager takes a second to import

    note_missing_settings(ctx)
    tree = settings_tree(ctx)
    load_overrides(tree.settings)
    return tree


def settings_tree(ctx: click.Context) -> SettingsTree:
    """Return the settings tree: fromager's own, or one that is loaded now.

    Raises:
        SettingsError: fromager cannot load it.
    """
    from ..settings.tree import (  # fromager takes a second to import
        SettingsTree,
        load_settings_tree,
    )

    if isinstance(ctx.obj, dict):
        return load_settings_tree(**ctx.obj)
    options = ctx.find_root().params
    return SettingsTree(
        ctx=ctx.obj,
        settings_file=options["settings_file"],
        settings_dir=options["settings_dir"],
    )


def note_missing_settings(ctx: click.Context) -> None:
    """Say on stderr which settings are named and not there: fromager goes on in silence."""
    root = ctx.find_root()
    for key in ("settings_file", "settings_dir"):
        path: pathlib.Path = root.params[key]
        if root.get_parameter_source(key) is not ParameterSource.DEFAULT and not path.exists():
            option = f"--{key.replace('_', '-')}"
            click.echo(f"{option} {path} does not exist: fromager goes on without it", err=True)


def refuse_no_settings(tree: SettingsTree) -> None:
    """Refuse to say anything of a folder without settings.

    Raises:
        InputError: there are none.
    """
    if not tree.settings_file.exists() and not tree.settings_dir.exists():
        raise InputError(
            f"there are no settings at {tree.settings_file} and {tree.settings_dir}: "
            "name them with --settings-file and --settings-dir"
        )


def note_explicit_variables(ctx: click.Context) -> None:
    """Say once, on stderr, which variables beat the variant files: no review shows them."""
    if ctx.meta.get(__name__):
        return
    ctx.meta[__name__] = True
    keys = {explicit_variable(key): key for key in FACTS}
    told = {
        f"{name}={value}": keys[name.upper()]
        for name, value in sorted(os.environ.items())
        if value and name.upper() in keys
    }
    if told:
        verbs = "is set: it beats" if len(told) == 1 else "are set: they beat"
        files = "of every variant file"
        click.echo(f"{_and(told)} {verbs} {_and(told.values())} {files}", err=True)


def _and(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def declared_of(ctx: click.Context) -> Callable[[NormalizedName], Declared]:
    """Return what tells what is declared of a package; nothing is where there are no settings.

    Raises:
        InputError: the settings folder that was named is none.
        SettingsError: fromager cannot load the settings.
    """
    from packaging.requirements import Requirement

    from ..verify.checks.exempted import NOTHING
    from ..verify.exemptions import declared_for_any

    root = ctx.find_root()
    folder = root.params["settings_dir"]
    if not folder.is_dir():
        if root.get_parameter_source("settings_dir") is not ParameterSource.DEFAULT:
            raise InputError(
                f"--settings-dir {str(folder)!r} is no folder, so nothing that is declared in it "
                "is known; correct it, or leave it out"
            )
        return lambda _: NOTHING
    tree = planned_tree(ctx)
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
    """Print a result, or write it to a file as a whole.

    Raises:
        OutputError: it cannot be written.
    """
    if output is not None:
        from ..files import write_text  # with the folders for half-written files

        write_text(output, text)
        return
    try:
        click.echo(text, nl=False)
    except BrokenPipeError:  # such as of `| head`: click ends in silence
        raise
    except OSError as err:
        raise OutputError(f"the result cannot be written: {err.strerror}") from None


def real_wheels(
    build_files: Iterable[pathlib.Path], folders: Iterable[pathlib.Path]
) -> list[Wheels]:
    """Return the wheels of real builds: of fromager's files, of wheels in folders.

    fromager's files don't tell which wheels are pure Python; the wheels do, and are counted.

    Raises:
        InputError: a file is not fromager's, or a folder has no wheels.
    """
    counts: collections.Counter[tuple[str, Version | str, bool]] = collections.Counter()
    for folder in folders:
        counts.update(_wheels(folder))
    in_folders = {(package, version) for package, version, _ in counts}
    for file in build_files:
        from ..plan.requirements import from_build_file

        for wanted in from_build_file(file):
            for version in wanted.versions or ():
                key = (wanted.package, public_version(str(version)))
                if key not in in_folders:
                    counts[*key, False] = 1
    return [
        Wheels(package, str(version), purelib, files)
        for (package, version, purelib), files in counts.items()
    ]


def _wheels(folder: pathlib.Path) -> Iterator[tuple[str, Version | str, bool]]:
    from ..tag.filename import parse_wheel_name

    found = sorted(folder.rglob("*.whl"))
    if not found:
        raise InputError(f"there are no wheels in {folder}")
    for path in found:
        try:
            name = parse_wheel_name(path.name)
        except InputError:
            click.echo(f"{path} is not counted: it has no name of a wheel", err=True)
        else:
            yield name.name, public_version(str(name.version)), not name.is_platlib


def wanted_of(wheels: Iterable[Wheels]) -> list[Wanted]:
    """Return packages and versions as a plan wants them."""
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    from ..plan.model import Wanted

    versions: dict[NormalizedName, set[Version]] = {}
    for each in wheels:
        versions.setdefault(canonicalize_name(each.package), set()).add(Version(each.version))
    return [Wanted(package=name, versions=tuple(sorted(versions[name]))) for name in versions]


def named_in_locks(*sides: Side) -> list[Wanted]:
    """Return the packages and versions that the locks of *sides* name."""
    from ..plan.requirements import named_in

    return [each for side in sides if side.lock is not None for each in named_in(side.lock)]


here_option = click.option(
    "--here", is_flag=True, help="ask this machine, too: os-release, variables, constraints"
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=pathlib.Path, dir_okay=False),
    help="write to a file instead of stdout",
)
