"""Delete obsolete wheels, each after another look at its replacements and at all links.

At any moment of a kill the index is valid, and the next run completes the deletion. fromager's link
in ``simple`` goes first, since its server fails on a link without a target; then the wheel; then
its signature and metadata, which an index lists only beside a wheel.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from packaging.utils import canonicalize_name

from ..errors import OutputError
from ..files import real_path
from .intact import Damage
from .links import Entry, Link, entry_of, links_below, read_link
from .listing import FROMAGER_FOLDERS, IndexFile, ListedProject
from .pruning import Decision, reason_against
from .status import IndexWheel

#: Signature and metadata of a wheel, beside it.
_COMPANIONS: Final = (".asc", ".metadata")


def searched_folder(path: pathlib.Path) -> pathlib.Path:
    """Return the folder to search for links to wheels in *path*: all of fromager's."""
    return path / ".." if real_path(path).name in FROMAGER_FOLDERS else path


def linked_folder(wheels: Iterable[IndexWheel]) -> pathlib.Path | None:
    """Return the folder of wheels that are all links; None if one is a file."""
    folder = None
    for wheel in wheels:
        path = wheel.file.path
        if path is None or not path.is_symlink():
            return None
        folder = pathlib.Path(os.path.realpath(path)).parent
    return folder.parent if folder and folder.name in FROMAGER_FOLDERS else folder


def with_leftovers(listed: ListedProject, links: Iterable[Link]) -> ListedProject:
    """Add the wheels of which a killed run left the signature, the metadata or fromager's link."""
    present = {file.location for file in listed.files}
    left = {
        file.location.removesuffix(suffix)
        for file in listed.files
        for suffix in _COMPANIONS
        if file.filename.endswith(f".whl{suffix}")
    }
    left |= {
        str(link.target)
        for link in links
        if canonicalize_name(link.path.parent.name) == listed.project
        and entry_of(link.path) == entry_of(_link_to(link.target, link.path.parent.name))
    }
    added = (IndexFile(listed.project, each.rpartition("/")[2], each) for each in left - present)
    return dataclasses.replace(listed, files=(*listed.files, *added))


def _link_to(path: pathlib.Path, project: str) -> pathlib.Path:
    """Return the path of fromager's link to a wheel of its folders."""
    return real_path(path.parent).parent / "simple" / project / path.name


def keep_linked(decisions: Iterable[Decision], links: Iterable[Link]) -> list[Decision]:
    """Return decisions, one for each file, that keep every file to which a remaining link leads."""
    decisions = {_entry(each) or each.wheel.file: each for each in decisions}.values()
    deleted = {
        entry_of(path) for each in decisions if each.delete for path in _files_of(each.wheel)
    }
    needed = _needed(link for link in links if entry_of(link.path) not in deleted)
    return [_unless_needed(each, needed) for each in decisions]


def _entry(decision: Decision) -> Entry | None:
    path = decision.wheel.file.path
    return entry_of(path) if path else None


def _needed(links: Iterable[Link]) -> dict[Entry, Link]:
    return {need: link for link in links for need in link.needs}


def _unless_needed(decision: Decision, needed: Mapping[Entry, Link]) -> Decision:
    entry = _entry(decision)
    link = needed.get(entry) if decision.delete and entry else None
    return decision.kept(f"the link {link.path} leads to it") if link else decision


def delete(
    decisions: Iterable[Decision], folders: Iterable[pathlib.Path], damage: Damage
) -> Iterator[tuple[Decision, str]]:
    """Delete wheels, each with its signature, its metadata and fromager's link to it.

    A wheel is kept if its replacement is damaged by now, or a link in *folders* leads to it by now.

    Yields:
        Each decision as carried out, and why a file could not be deleted, or "".

    Raises:
        InputError: one of *folders* cannot be read.
        OutputError: a wheel is not on this machine.
    """

    @functools.cache
    def damaged(path: pathlib.Path, before: object) -> str:
        return damage(path) or (
            "" if before == _fingerprint(path) else "it changes while it is read"
        )

    needed: dict[Entry, Link] = {}
    planned = keep_linked(decisions, list(links_below(folders)))
    # links before their targets, which have to stay if a link cannot be deleted
    for each in sorted(planned, key=lambda each: len(_link_of(each).needs), reverse=True):
        done, problem = _carried_out(_unless_needed(each, needed), damaged)
        if not done.delete:
            needed |= _needed([_link_of(done)])
        yield done, problem


def _link_of(decision: Decision) -> Link:
    if decision.wheel.file.path is None:
        file = decision.wheel.file
        raise OutputError(f"{file.location} is not on this machine and cannot be deleted")
    return read_link(decision.wheel.file.path)


def _carried_out(
    decision: Decision, damaged: Callable[[pathlib.Path, object], str]
) -> tuple[Decision, str]:
    if not decision.delete:
        return decision, ""
    for each in decision.replacements:
        path = each.file.path
        wrong = damaged(path, _fingerprint(path)) if path else ""
        if reason := reason_against(decision.wheel, each, wrong):
            return decision.kept(reason), ""
    for path in _files_of(decision.wheel):
        try:
            path.unlink(missing_ok=True)
        except OSError as err:
            problem = f"{path} cannot be deleted: {err.strerror}"
            is_left = os.path.lexists(decision.wheel.file.location)
            return decision.kept("it cannot be deleted") if is_left else decision, problem
    return decision, ""


def _fingerprint(path: pathlib.Path) -> object:
    """Return what changes with the content of a file; None if it cannot be read."""
    try:
        known = path.stat()
    except OSError:
        return None
    return known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns


def _files_of(wheel: IndexWheel) -> Iterator[pathlib.Path]:
    """Yield a wheel and the files that are useless without it, in the order of deletion."""
    path = wheel.file.path
    if path is None:
        return
    link = _link_to(path, wheel.name.name)
    if link != path and entry_of(path) in read_link(link).needs:
        yield link
    yield path
    yield from (pathlib.Path(f"{path}{suffix}") for suffix in _COMPANIONS)
