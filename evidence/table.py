"""Write docs/packages.md: for every version, what was found and what our override provides."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator

from packaging.requirements import Requirement

from fromager_build_tags.plan.scope import pattern_of

from .catalogue import Catalogue, Package, Reading
from .comparison import Comparison, Verdict, compare_measured, compare_read, expression, override
from .measurements import Measurement, Measurements

_INTRO = """\
# Packages that depend on an accelerator or on Torch

{verdict}

{packages} packages, {wheels} wheels measured, {readings} sources read;
{ordinary} ordinary packages beside them.

Made by `python -m evidence table` from `evidence/packages.yaml` and
`evidence/measurements.json`; measure again with `python -m evidence measure --again`, which
fetches each wheel with pip, reads it, and deletes it.

- **Accelerator**: the wheel needs a library of that stack, or contains device code for it.
- **Torch**: *unstable* wheels import C++ symbols of `c10::`, `at::`, `torch::` or `c10d::` and
  work only with the Torch that they were built against; *stable* ones import C functions of
  libtorch's stable ABI, and work with every Torch from a minimum on. The number counts these
  symbols.
- **Segments**: what the shipped override provides beside the distribution. `pure` wheels get none,
  whatever they contain; `-` means that no override is shipped.
- **more**: the override provides a segment that this wheel does not need; the reason is below.
  **LESS**: a segment is missing.
- *read*: read from sources, since the package index has no such wheel.

{independent} of the wheels were also read with `readelf` and `c++filt`, by
`python -m evidence independent`, which shares no code with the reader that is shipped.
{differences}

| Package | Version | Accelerator | Torch | Requires-Dist torch | Segments | |
|---|---|---|---|---|---|---|
"""


_ORDINARY = """
## Ordinary packages

Their wheels have libraries, which need neither an accelerator nor Torch; measured, so that a
reader that finds too much is noticed:

"""


def render(
    catalogue: Catalogue, measurements: Measurements, read_again: Collection[str] = ()
) -> str:
    """Return the page; ``read_again`` are the wheels that binutils have read, too."""
    rows = [
        row for name in sorted(catalogue.packages) for row in _rows(name, catalogue, measurements)
    ]
    head = _INTRO.format(
        verdict=_verdict([comparison for _, comparison in rows]),
        packages=len(catalogue.packages),
        wheels=len(measurements.measurements) - len(catalogue.ordinary),
        ordinary=len(catalogue.ordinary),
        independent=len(read_again),
        differences=_differences(catalogue),
        readings=sum(len(package.read) for package in catalogue.packages.values()),
    )
    table = "\n".join(line for line, _ in rows)
    notes = "\n".join(_note(name, package) for name, package in sorted(catalogue.packages.items()))
    ordinary = ", ".join(
        f"{name} {version}" for name, version in sorted(catalogue.ordinary.items())
    )
    return f"{head}{table}\n\n## Notes\n\n{notes}\n{_ORDINARY}{_filled(ordinary)}\n"


def _differences(catalogue: Catalogue) -> str:
    found = sum(len(package.independent) for package in catalogue.packages.values())
    return f"Both agree but on {found}: the reasons are below." if found else "Both agree on all."


def _verdict(comparisons: Iterable[Comparison]) -> str:
    comparisons = list(comparisons)
    less = sum(each.verdict is Verdict.LESS for each in comparisons)
    more = sum(each.verdict is Verdict.MORE for each in comparisons)
    if less:
        return f"**{less} rows where an override provides too little.**"
    return f"**No override provides too little; {more} rows get more than the one wheel needs.**"


def _rows(
    name: str, catalogue: Catalogue, measurements: Measurements
) -> Iterator[tuple[str, Comparison]]:
    package = catalogue.packages[name]
    for row in measurements.of(name):
        comparison = compare_measured(row, package)
        yield _line(_measured_cells(row), name, comparison), comparison
    for reading in package.read:
        comparison = compare_read(name, reading, package)
        yield _line(_read_cells(name, reading), name, comparison), comparison


def _measured_cells(row: Measurement) -> list[str]:
    count = {"unstable": row.cxx_symbols, "stable": row.stable_symbols}.get(row.torch)
    torch = row.torch.value if count is None else f"{row.torch} ({count})"
    required = ", ".join(dict.fromkeys(_requirement(text) for text in row.requires_torch))
    return [row.package, row.version, " ".join(row.accelerators) or "no", torch, required]


def _read_cells(name: str, reading: Reading) -> list[str]:
    stacks = " ".join(reading.accelerators) or "no"
    return [name, f"{_built(reading)} (*read*)", stacks, reading.torch, ""]


def _line(cells: list[str], name: str, comparison: Comparison) -> str:
    mark = {Verdict.AGREES: "", Verdict.MORE: "more", Verdict.LESS: "**LESS**"}
    return f"| {' | '.join(cells)} | {_segments(name, comparison)} | {mark[comparison.verdict]} |"


def _segments(name: str, comparison: Comparison) -> str:
    if comparison.pure:
        return "pure"
    if override(name) is None:
        return "-"
    return " ".join(sorted(comparison.given)) or "none"


def _built(reading: Reading) -> str:
    against = f", for Torch {reading.torch_version}" if reading.torch_version else ""
    return f"{reading.version}{against}"


def _shipped(name: str) -> str:
    if override(name) is None:
        return "no override"
    text, pattern = expression(name), pattern_of(name)
    shipped = "a function" if text is None else f"`{text}`"
    return f"{shipped}, by the pattern `{pattern}`" if pattern else shipped


def _requirement(text: str) -> str:
    # Without markers: torch-tensorrt repeats its pin for each machine.
    return f"`torch{Requirement(text).specifier}`"


def _note(name: str, package: Package) -> str:
    lines = [f"- **{name}**: {_shipped(name)}. {package.note}"]
    lines += [f"  - {_built(each)}, read: {each.what}" for each in package.read]
    lines += [f"  - {version}, more: {reason}" for version, reason in package.differs.items()]
    lines += [f"  - {version}, binutils: {why}" for version, why in package.independent.items()]
    return "\n".join(map(_wrapped, lines))


def _wrapped(item: str) -> str:
    """Return an item of a list in lines of at most 120 characters."""
    return _filled(item, indent=" " * (item.index("- ") + 2))


def _filled(text: str, *, indent: str = "") -> str:
    return textwrap.fill(
        text,
        width=120,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
