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
        content = json.loads(file.read_bytes())
        nodes = _build_order(content) if isinstance(content, list) else _graph(content)
        versions: dict[NormalizedName, set[Version]] = {}
        for name, version in nodes:
            versions.setdefault(canonicalize_name(name), set()).add(version)
    except KeyError as err:
        raise InputError(
            f"{file} is neither fromager's graph.json nor its build-order.json: it has no {err}"
        ) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as err:
        raise InputError(
            f"{file} is neither fromager's graph.json nor its build-order.json"
        ) from err
    return [
        Wanted(package=name, versions=tuple(sorted(versions[name]))) for name in sorted(versions)
    ]


def from_lock(file: pathlib.Path) -> list[Wanted]:
    """Return the packages and versions that a lock names; ``*`` names none.

    Raises:
        InputError: the file is not a lock.
    """
    return named_in(parse_lock(read_text(file), str(file)))


def named_in(lock: Lock) -> list[Wanted]:
    """Return the packages and versions that a lock names; ``*`` names none."""
    versions: dict[NormalizedName, set[Version]] = {}
    for stack in lock.stacks:
        for package, version in stack.tags:
            if ANY not in {package, version} and not is_span(version):
                versions.setdefault(canonicalize_name(package), set()).add(Version(version))
    return [
        Wanted(package=name, versions=tuple(sorted(versions[name]))) for name in sorted(versions)
    ]


def _build_order(content: list[Any]) -> Iterator[tuple[str, Version]]:
    for entry in content:
        yield entry["dist"], Version(entry["version"])


def _graph(content: dict[str, Any]) -> Iterator[tuple[str, Version]]:
    graph = DependencyGraph.from_dict(content)
    for node in graph.get_all_nodes():
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
