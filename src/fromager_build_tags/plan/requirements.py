"""The wanted packages: from arguments, pip's files, and fromager's files."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

from fromager.dependency_graph import DependencyGraph
from fromager.requirements_file import parse_requirements_file
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from ..errors import InputError
from ..files import read_text
from ..stack.fact import exact_pin
from ..tag.version_ranges import is_span
from .lockfile import ANY, Lock, parse_lock
from .model import Wanted


def from_requirements(texts: Iterable[str], where: str = "") -> list[Wanted]:
    """Return the wanted packages of requirements: a pinned version, or the known ones that fit.

    Raises:
        InputError: a text is not a requirement.
    """
    return [_from_requirement(text, where) for text in texts]


def from_requirements_file(file: pathlib.Path) -> list[Wanted]:
    """Return the wanted packages of a pip file; fromager's own parser reads it.

    Raises:
        InputError: a line is not a requirement.
    """
    try:
        lines = list(parse_requirements_file(file))
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"{file} cannot be read") from err
    return from_requirements(lines, f" in {file}")


def from_build_file(file: pathlib.Path) -> list[Wanted]:
    """Return the packages and versions of fromager's ``graph.json`` or ``build-order.json``.

    Raises:
        InputError: the file is neither.
    """
    try:
        return _wanted(_nodes(json.loads(file.read_bytes())))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as err:
        text = f"{file} is neither fromager's graph.json nor its build-order.json"
        if isinstance(err, KeyError):
            raise InputError(f"{text}: it has no {err}") from None
        raise InputError(text) from err


def from_lock(file: pathlib.Path) -> list[Wanted]:
    """Return the packages and versions that a lock names; ``*`` names none.

    Raises:
        InputError: the file is not a lock.
    """
    return named_in(parse_lock(read_text(file), str(file)))


def named_in(lock: Lock) -> list[Wanted]:
    """Return the packages and versions that a lock names; ``*`` names none."""
    return _wanted(
        (package, Version(version))
        for stack in lock.stacks
        for package, version in stack.tags
        if ANY not in {package, version} and not is_span(version)
    )


def _wanted(versions_of: Iterable[tuple[str, Version]]) -> list[Wanted]:
    versions: dict[NormalizedName, set[Version]] = {}
    for name, version in versions_of:
        versions.setdefault(canonicalize_name(name), set()).add(version)
    return [
        Wanted(package=name, versions=tuple(sorted(versions[name]))) for name in sorted(versions)
    ]


def _nodes(content: Any) -> Iterator[tuple[str, Version]]:
    if isinstance(content, list):  # a build order
        yield from ((entry["dist"], Version(entry["version"])) for entry in content)
        return
    for node in DependencyGraph.from_dict(content).get_all_nodes():
        if node.canonicalized_name:  # the root has no name
            yield node.canonicalized_name, node.version


def _from_requirement(text: str, where: str) -> Wanted:
    try:
        requirement = Requirement(text)
        package = canonicalize_name(requirement.name, validate=True)
        pin = exact_pin(requirement.specifier)
        version = None if pin is None else Version(pin.version)
    except ValueError:  # InvalidRequirement, InvalidName and InvalidVersion are such
        raise InputError(f"{text!r}{where} is not a requirement, such as torch==2.10.0") from None
    if version is not None:
        return Wanted(package=package, versions=(version,))
    return Wanted(package=package, specifier=requirement.specifier)
