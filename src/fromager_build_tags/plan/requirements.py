"""The wanted packages: from arguments, pip's files, and fromager's files."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from ..errors import InputError
from ..files import read_text
from ..stack.fact import exact_pin
from ..tag.version_ranges import boundaries_of, is_span
from ..text import plain
from .build_graph import read_build_graph
from .locked_tags import ANY, Lock
from .lockfile import parse_lock
from .model import Wanted
from .requirement_lines import requirement_lines


def from_requirements(texts: Iterable[str]) -> list[Wanted]:
    """Return the wanted packages of requirements: a pinned version, or the known ones that fit.

    Raises:
        InputError: a text is not a requirement.
    """
    return [_from_requirement(_parse(text, text, ""), {}) for text in texts]


def from_requirements_file(
    file: pathlib.Path, environment: Mapping[str, str] = MappingProxyType({})
) -> list[Wanted]:
    """Return the wanted packages of a requirements file of pip, within its constraints.

    Requirements whose marker is false are left out, and so are folders and URLs without the name
    of a package.

    Args:
        file: the file.
        environment: values for markers; those of this Python and machine for the missing ones.

    Raises:
        InputError: a file cannot be read, or a line is not a requirement.
    """
    requirements: dict[Requirement, None] = {}
    constraints: dict[NormalizedName, SpecifierSet] = {}
    for count, line in enumerate(requirement_lines(file)):
        if count >= _MOST:
            raise InputError(f"{file} has more than {_MOST:,} requirements")
        if _LINK.match(line.text):
            continue
        requirement = _parse(line.text, line.shown, f"{line.place}: ")
        if not _holds(requirement, environment):
            continue
        if line.is_constraint:
            name = canonicalize_name(requirement.name)
            constraints[name] = constraints.get(name, SpecifierSet()) & requirement.specifier
        else:
            requirements[requirement] = None
    return [_from_requirement(each, constraints) for each in requirements]


def _holds(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    """Return whether there is no marker, or it is true, or it compares what has no order."""
    try:
        marker = requirement.marker
        return marker is None or marker.evaluate({**environment, "extra": ""})
    except (ValueError, KeyError):  # such as extra === 'x', and 'x' == 'y'
        return True


_MOST: Final = 20_000
_LINK: Final = re.compile(r"[\w+]+:|[^@=<>!~;]*[/\\]|\.|[^@=<>!~; ]*\.(whl|zip|tar\.\w+)\b")


def from_build_file(file: pathlib.Path) -> list[Wanted]:
    """Return the packages and versions of fromager's ``graph.json`` or ``build-order.json``.

    Raises:
        InputError: the file is neither.
    """
    return _wanted((node.canonicalized_name, node.version) for node in read_build_graph(file).nodes)


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


def _parse(text: str, shown: str, place: str) -> Requirement:
    try:
        requirement = Requirement(text)
        str(boundaries_of(str(requirement.specifier)))  # a number can be too long for int and str
        if pin := exact_pin(requirement.specifier):
            Version(pin.version)  # ===nightly is none
        canonicalize_name(requirement.name, validate=True)
        if requirement.name not in shown:  # it can be a secret of the environment
            raise ValueError
    except (ValueError, RecursionError):  # InvalidRequirement and InvalidName; a nested marker
        raise InputError(
            f"{place}{plain(repr(shown))} is not a requirement, such as torch==2.10.0"
        ) from None
    return requirement


def _from_requirement(
    requirement: Requirement, constraints: Mapping[NormalizedName, SpecifierSet]
) -> Wanted:
    package = canonicalize_name(requirement.name)
    specifier = requirement.specifier & constraints.get(package, SpecifierSet())
    pin = exact_pin(specifier)
    if pin is None:
        return Wanted(package=package, specifier=specifier)
    return Wanted(package=package, versions=(Version(pin.version),))
