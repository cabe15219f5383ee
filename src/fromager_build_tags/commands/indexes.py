"""What the commands about indexes share: arguments, opening, failures and a progress bar."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
from packaging.utils import NormalizedName

from ..errors import BuildTagError, InputError, explain_error
from ..index import Index, open_index
from ..index.expected import Expectations
from ..index.family import infer_stack
from ..index.place import IndexPlace, parse_place
from ..index.targets import Target
from ..index.wheel_variants import Driver
from ..settings.hook import HOOK
from ..text import counted, first_few, plain
from . import common

if TYPE_CHECKING:
    from ..settings.tree import SettingsTree

_PLATFORM: Final = re.compile(r"[a-z0-9_]+")
_PYTHON: Final = re.compile(r"(\d)\.(\d{1,2})(t?)", re.ASCII)

indexes_argument = click.argument("indexes", nargs=-1, required=True, metavar="INDEX...")
all_versions_option = click.option(
    "--all-versions", is_flag=True, help="for each version, not only for the newest"
)


def _drivers(_: click.Context, __: click.Parameter, texts: Sequence[str]) -> tuple[Driver, ...]:
    try:
        return tuple(map(Driver.parse, texts))
    except InputError as err:
        raise click.UsageError(str(err)) from None


machine_option = click.option(
    "--machine",
    "machines",
    multiple=True,
    metavar="MACHINE",
    callback=_drivers,
    help="also print what uv selects, with its preview, on a machine: cuda13.1 for that driver, "
    "rocm7.1, cpu",
)


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for the Pythons and platforms to install for."""
    platform = click.option(
        "--platform",
        "platforms",
        multiple=True,
        metavar="PLATFORM",
        help="such as linux_x86_64, or manylinux_2_34_x86_64 for that glibc",
    )
    python = click.option(
        "--python",
        "pythons",
        multiple=True,
        metavar="X.Y",
        help="such as 3.12 or 3.13t  [default: those in the wheels' names]",
    )
    return python(platform(command))


def read_targets(pythons: Sequence[str], platforms: Sequence[str]) -> list[Target]:
    """Return the targets that the options name; none for the targets in the wheels' names.

    Raises:
        UsageError: an option is invalid.
    """
    if not pythons:
        if platforms:
            raise click.UsageError("--platform needs --python")
        return []
    for text in platforms:
        if not _PLATFORM.fullmatch(text):
            raise click.UsageError(
                f"--platform {text!r} is not a platform tag such as linux_x86_64 or "
                "manylinux_2_34_x86_64"
            )
    targets = []
    for text in pythons:
        match = _PYTHON.fullmatch(text)
        if match is None:
            raise click.UsageError(f"--python {text!r} is not a version such as 3.12 or 3.13t")
        python = (int(match[1]), int(match[2]))
        abi = f"cp{match[1]}{match[2]}{match[3]}"
        for platform in platforms or ["linux_x86_64"]:
            targets.append(Target(python=python, abi=abi, platform=platform))
    return targets


class Unopened(NamedTuple):
    """An index that cannot be opened, and the reason."""

    place: IndexPlace
    reason: str

    def __str__(self) -> str:
        return self.reason


def open_indexes(
    texts: Iterable[str],
    variant: str,
    *,
    expectations: Expectations | None = None,
    named: Collection[NormalizedName] = (),
    infer: bool = False,
) -> tuple[list[Index], list[Unopened]]:
    """Open every index; return the indexes, and those that cannot be opened.

    Of an index without a list of projects, the *named* ones are read. If *infer*, an index for a
    family is for the one stack that its wheels fit; a note names it.

    Raises:
        InputError: an argument is empty; no index is opened then.
        UsageError: an argument names no variant, and there is no default.
    """
    indexes: list[Index] = []
    unopened: list[Unopened] = []
    places = [parse_place(text, variant) for text in texts]
    if expectations:
        _refuse_unnamed(places, expectations)
    for place in places:
        try:
            loaded = expectations.load(place) if expectations else place
            if expectations and infer and loaded.key is None:
                loaded = _inferred(loaded, expectations, named)
            index = open_index(loaded, named)
            click.get_current_context().call_on_close(index.close)
            indexes.append(index)
        except BuildTagError as err:
            unopened.append(Unopened(place, explain_error(err)))
    return indexes, unopened


def _refuse_unnamed(places: Iterable[IndexPlace], expectations: Expectations) -> None:
    if unnamed := [str(place) for place in places if not place.variant]:
        raise click.UsageError(
            f"name the variant of {first_few(unnamed)}: VARIANT=INDEX, one of "
            f"{', '.join(expectations.tree.variants())}"
        )


def _inferred(
    place: IndexPlace, expectations: Expectations, named: Collection[NormalizedName]
) -> IndexPlace:
    """Return a place for the one stack that its wheels fit, or for all stacks if it is not one."""
    keys = expectations.keys(place.variant)
    if len(keys) < 2:
        return place
    # opened for this alone: the pages of one index have a limit of their size together
    with (
        contextlib.closing(open_index(place, named)) as index,
        progress([index], "stack of the index") as count,
    ):
        key = infer_stack(index, keys, count)
    if key is None:
        return place
    inferred = expectations.narrow(place, key)
    common.note(
        f"{place}: its wheels fit {inferred.label} only; other stacks of {place.variant} are "
        "not considered"
    )
    return inferred


def refuse_other_hook(tree: SettingsTree, consequence: str) -> None:
    """Refuse to rely on build tags that fromager may not give.

    Raises:
        InputError: the settings do not name our hook.
    """
    if not tree.hook.is_ours:
        configured = f"is {plain(tree.hook.text)!r}" if tree.hook.text else "is not set"
        raise InputError(
            f"{consequence}, because wheels.build_tag_hook {configured} in "
            f"{tree.settings_file}: set it to {HOOK!r}"
        )


def report_failures(failures: Iterable[object], expectations: Expectations | None = None) -> bool:
    """Print failures on stderr, and return whether there are any."""
    lines = [*map(str, failures)]
    if expectations is not None:
        lines += [
            f"build tags of {counted(count, 'package')} cannot be computed: {error}"
            for error, count in sorted(expectations.errors.items())
        ]
    for line in dict.fromkeys(lines):
        common.note(f"Error: {line}")
    return bool(lines)


@contextlib.contextmanager
def progress(indexes: Sequence[Index], label: str = "projects") -> Iterator[Callable[[int], None]]:
    """Show the number of finished projects, on a terminal only; yield the function to count."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    length = sum(map(len, indexes))
    with click.progressbar(length=length, file=sys.stderr, label=label) as bar:
        yield bar.update
        bar.update(length - bar.pos)  # a project of several indexes may be counted once
