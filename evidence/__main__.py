"""``python -m evidence``: measure wheels, verify them, and write the pages about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import click
from packaging.utils import parse_wheel_filename

from fromager_build_tags.errors import InputError
from fromager_build_tags.wheel.archive import WheelError
from fromager_build_tags.wheel.facts import read_wheel
from fromager_build_tags.wheel.torch.torch_exports import TorchBuild
from fromager_build_tags.wheel.torch.torch_table import TorchTable, shipped_table

from . import archs, catalogue, independent, loads, measurements, table, torch_releases, verified
from .archs import WheelArchs, read_archs
from .fetch import fetched
from .independent import Independent, read_independently
from .measurements import Measurement
from .rows import load_rows, save_rows

_FROM = click.option(
    "--from",
    "folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Read wheels that lie in this folder, and fetch only the others.",
)

_FOLDERS = click.option(
    "--from",
    "folders",
    multiple=True,
    required=True,
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="A folder of wheels to read.",
)


@click.group(help=__doc__)
def main() -> None:
    """Group the commands."""


@main.command()
@click.argument("packages", nargs=-1)
@click.option("--again", is_flag=True, help="Measure again what the file has already.")
@_FROM
def measure(packages: tuple[str, ...], *, again: bool, folder: Path | None) -> None:
    """Fetch, read and delete each wheel of packages.yaml; all when no package is named."""
    plan, known = catalogue.load(), measurements.load()
    _refuse_unlisted(packages, {name for name, _ in plan.wheels()}, catalogue.FILE)
    measured = {(row.package, row.version) for row in known.measurements}
    wanted = {
        f"{name}=={version}": (name, version)
        for name, version in plan.wheels()
        if (not packages or name in packages) and (again or (name, version) not in measured)
    }
    for wheel, path in _each_fetched(wanted, folder):
        name, version = wanted[wheel]
        try:
            facts = read_wheel(path)
        except WheelError as err:
            click.echo(f"failed: {err}", err=True)
            continue
        row = measurements.summarise(facts, wheel=path, package=name, version=version)
        measurements.save(known := known.having(row))
        click.echo(f"{wheel}: {_line(row)}", err=True)


@main.command(name="independent")
@click.option("--again", is_flag=True, help="Read again what the file has already.")
@_FOLDERS
def read_with_binutils(folders: tuple[Path, ...], *, again: bool) -> None:
    """Read the wheels of folders with binutils, into independent.json."""
    known = load_rows(independent.RESULTS, Independent)
    for path in _not_in(known, folders, again=again):
        found = known[path.name] = read_independently(path)
        save_rows(independent.RESULTS, known)
        click.echo(f"{path.name}: {', '.join(found.stacks)} {found.torch}", err=True)


def _not_in(known: Collection[str], folders: Iterable[Path], *, again: bool) -> list[Path]:
    """Return the wheels of folders that have no row, or all of them *again*."""
    wheels = (path for folder in folders for path in folder.glob("*.whl"))
    return sorted(path for path in wheels if again or path.name not in known)


@main.command(name="archs")
@click.option("--again", is_flag=True, help="Read again what the file has already.")
@_FOLDERS
def read_with_cuobjdump(folders: tuple[Path, ...], *, again: bool) -> None:
    """List the GPU architectures of wheels with cuobjdump and elfgpu, into archs.json."""
    known = load_rows(archs.RESULTS, WheelArchs)
    for path in _not_in(known, folders, again=again):
        found = known[path.name] = read_archs(path)
        save_rows(archs.RESULTS, known)
        for member, library in found.libraries.items():
            other = "" if library.agrees else f"; {library.by}: {library.other}"
            click.echo(f"{member}: {library.shipped}{other}", err=True)


@main.command(name="table")
def write_table() -> None:
    """Write docs/packages.md from packages.yaml and measurements.json."""
    text = table.render(
        catalogue.load(), measurements.load(), load_rows(independent.RESULTS, Independent)
    )
    target = Path(__file__).parent.parent / "docs" / "packages.md"
    target.write_text(text, encoding="utf-8")
    click.echo(f"{target.name}: {len(text.splitlines())} lines", err=True)


@main.command()
@click.argument("wheels", nargs=-1)
@click.option("--again", is_flag=True, help="Verify again what the file has already.")
@_FROM
def verify(wheels: tuple[str, ...], *, again: bool, folder: Path | None) -> None:
    """Verify wheels of verified.yaml under right and wrong names; write docs/verified-wheels.md."""
    known = load_rows(verified.RESULTS, verified.Result)
    candidates = verified.candidates()
    _refuse_unlisted(wheels, candidates, verified.FILE)
    wanted = [each for each in wheels or tuple(candidates) if again or each not in known]
    for wheel, path in _each_fetched(wanted, folder):
        result = known[wheel] = verified.verified(wheel, candidates[wheel], path)
        save_rows(verified.RESULTS, known)
        click.echo(f"{wheel}: {result.findings} missed {result.missed}", err=True)
    target = Path(__file__).parent.parent / "docs" / "verified-wheels.md"
    target.write_text(verified.render(known), encoding="utf-8")


@main.command(name="loads")
@click.argument("wheels", nargs=-1)
@click.option("--again", is_flag=True, help="Compare again what the file has already.")
@_FROM
def compare_loads(wheels: tuple[str, ...], *, again: bool, folder: Path | None) -> None:
    """Compare wheels of loads.yaml with the dynamic linker; write docs/loads.md."""
    known, found = load_rows(loads.RESULTS, loads.Prediction), loads.records()
    _refuse_unlisted(wheels, found, loads.FILE)
    wanted = [each for each in wheels or tuple(found) if again or each not in known]
    for wheel, path in _each_fetched(wanted, folder):
        result = known[wheel] = loads.predicted(wheel, path)
        save_rows(loads.RESULTS, known)
        click.echo(f"{wheel}: {result.text}", err=True)
    target = Path(__file__).parent.parent / "docs" / "loads.md"
    target.write_text(loads.render(found, known), encoding="utf-8")


def _each_fetched(wheels: Iterable[str], folder: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield each wheel and its path; report those that pip does not provide."""
    plan = catalogue.load()
    here = {_requirement(path): path for path in sorted(folder.glob("*.whl"))} if folder else {}
    for wheel in wheels:
        python = plan.python_of(wheel.partition("==")[0])
        try:
            with (
                nullcontext(here[wheel])
                if wheel in here
                else fetched(wheel, python, plan.platforms) as path
            ):
                yield wheel, path
        except InputError as err:
            click.echo(f"failed: {err}", err=True)


def _requirement(path: Path) -> str:
    name, version, _, _ = parse_wheel_filename(path.name)
    return f"{name}=={version}"


@main.command()
@click.argument("releases", nargs=-1)
@_FROM
def torch(releases: tuple[str, ...], folder: Path | None) -> None:
    """Write the table of what Torch exports: of all releases in torch.yaml, or of these anew."""
    plan = torch_releases.load()
    _refuse_unlisted(releases, plan.releases, torch_releases.FILE)
    known = shipped_table() if releases else TorchTable.of(())
    wanted = releases or plan.releases
    builds = map(_reported, torch_releases.read_builds(plan, wanted, folder))
    table = torch_releases.updated(known, wanted, builds)
    click.echo(f"{torch_releases.write(table):,} bytes", err=True)


def _reported(build: TorchBuild) -> TorchBuild:
    click.echo(f"{build.version} {build.machine}: {len(build.exports):,} symbols", err=True)
    return build


def _refuse_unlisted(given: Collection[str], listed: Collection[str], file: Path) -> None:
    if unknown := [each for each in given if each not in listed]:
        raise click.UsageError(f"{', '.join(unknown)}: not in {file.name}; list it there first")


def _line(row: Measurement) -> str:
    stacks = "+".join(row.accelerators) or "no accelerator"
    return f"{row.megabytes:.0f} MB, {stacks}, Torch {row.torch}"


if __name__ == "__main__":
    main()
