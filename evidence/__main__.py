"""``python -m evidence``: ``measure [PACKAGE …]``, ``table``, ``verify``, ``loads``, ``torch``."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import click
from packaging.utils import parse_wheel_filename

from fromager_build_tags.errors import InputError
from fromager_build_tags.wheel.archive import WheelError
from fromager_build_tags.wheel.facts import read_wheel
from fromager_build_tags.wheel.torch_exports import TorchBuild
from fromager_build_tags.wheel.torch_table import TorchTable, shipped_table

from . import catalogue, loads, measurements, table, torch_releases, verified
from .fetch import fetched
from .measurements import Measurement
from .rows import load_rows, save_rows

_FROM = click.option(
    "--from",
    "folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Read wheels that lie in this folder, and fetch only the others.",
)


@click.group(help=__doc__)
def main() -> None:
    """Group the commands."""


@main.command()
@click.argument("packages", nargs=-1)
@click.option("--again", is_flag=True, help="Measure again what the file has already.")
def measure(packages: tuple[str, ...], *, again: bool) -> None:
    """Fetch, read and delete each wheel of packages.yaml; all packages when none is named."""
    plan = catalogue.load()
    _refuse_unlisted(packages, plan.packages, catalogue.FILE)
    failed = [
        message
        for name in packages or tuple(plan.packages)
        for version in plan.packages[name].versions
        if (message := _measure(plan, name, version, again=again)) is not None
    ]
    if failed:
        raise SystemExit("\n".join(failed))


@main.command(name="table")
def write_table() -> None:
    """Write docs/packages.md from packages.yaml and measurements.json."""
    text = table.render(catalogue.load(), measurements.load())
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
        try:
            with (
                nullcontext(here[wheel])
                if wheel in here
                else fetched(wheel, plan.python, plan.platforms) as path
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


def _measure(plan: catalogue.Catalogue, package: str, version: str, *, again: bool) -> str | None:
    known = measurements.load()
    if not again and any(row.version == version for row in known.of(package)):
        return None
    started = time.perf_counter()
    try:
        row = _fetch_and_read(plan, package, version)
    except (InputError, WheelError) as err:
        click.echo(f"failed: {err}", err=True)
        return str(err)
    measurements.save(known.having(row))
    click.echo(
        f"{package} {version}: {_line(row)}, {time.perf_counter() - started:.0f} s", err=True
    )
    return None


def _fetch_and_read(plan: catalogue.Catalogue, package: str, version: str) -> Measurement:
    with fetched(f"{package}=={version}", plan.python, plan.platforms) as wheel:
        facts = read_wheel(wheel)
        return measurements.summarise(facts, wheel=wheel, package=package, version=version)


def _line(row: Measurement) -> str:
    stacks = "+".join(row.accelerators) or "no accelerator"
    return f"{row.megabytes:.0f} MB, {stacks}, Torch {row.torch}"


if __name__ == "__main__":
    main()
