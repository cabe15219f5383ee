"""The accelerator and Torch segments against the requirements and the name in ``METADATA``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from ...findings import rules
from ...findings.finding import Finding
from ...stack.fact import named_accelerator
from ...tag.segment import accelerator_word, torch_version
from ...tag.version_ranges import boundaries_of, sample_from, without_local_parts
from ...wheel.libraries import Accelerator
from ...wheel.requires_dist import has_version_of, major_in_name
from .examined import ACCELERATORS, ExaminedWheel, listed

_MOST_PARTS: Final = 50


def other_torch_required(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT304: a Torch segment that ``Requires-Dist`` excludes."""
    if (version := named_torch(wheel)) is None:
        return
    requirements = [Requirement(text) for text in wheel.facts.requires_torch]
    excluding = _excluding([(each, admits(each.specifier, version)) for each in requirements])
    if excluding:
        yield wheel.finding(
            rules.OTHER_TORCH_REQUIRED,
            f"the name contains {wheel.torch}, but METADATA requires {listed(excluding)}",
            remedy="build it against the required Torch, or correct torch_version of the variant",
        )


def other_major_required(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT316: an accelerator segment of another major version than METADATA is for."""
    word, (major, *_) = wheel.accelerator_version or ("", [0])
    if (stack := ACCELERATORS.get(word)) is None:
        return
    facts = wheel.facts
    requirements = [Requirement(text) for text in (*facts.requires_stack, *facts.requires_torch)]
    excluding = _excluding([(each, _is_for(each, stack, major)) for each in requirements])
    found = [f"requires {each}" for each in excluding]
    if _major_in_local_part(str(facts.version), stack) not in {None, major}:
        found.insert(0, f"has the version {facts.version}")
    if major_in_name(facts.name, stack) not in {None, major}:
        found.insert(0, f"has the name {facts.name}")
    if found:
        yield wheel.finding(
            rules.OTHER_MAJOR_REQUIRED,
            f"the name contains {wheel.accelerator}, but METADATA {listed(found)}",
            remedy=f"build it for the {word} that METADATA is for, or change METADATA to "
            f"{word} {major}",
        )


def _excluding(compared: Sequence[tuple[Requirement, bool]]) -> Sequence[Requirement]:
    """Return the requirements that exclude a version, as far as one of them counts.

    Of those with markers, such as one for each machine, only one may be for this wheel: they count
    if all of them exclude the version.
    """
    excluding = [each for each, admits in compared if not admits]
    conditional = [admits for each, admits in compared if each.marker]
    counts = any(each.marker is None for each in excluding)
    return excluding if counts or (conditional and not any(conditional)) else []


def named_torch(wheel: ExaminedWheel) -> Version | None:
    """Return the version of the Torch segment."""
    return torch_version(wheel.torch or "")


def admits(specifiers: SpecifierSet, version: Version) -> bool:
    """Return whether one of the releases that ``torch2.10`` stands for is admitted."""
    releases = [version]
    if len(version.release) <= 2:
        releases = [Version(f"{version.major}.{version.minor}.{patch}") for patch in range(20)]
    try:
        public = SpecifierSet(",".join(str(each).partition("+")[0] for each in specifiers))
        return any(public.contains(each, prereleases=True) for each in releases)
    except ValueError:  # such as === and no version, or a number that is too long for int()
        return True


def _is_for(requirement: Requirement, stack: Accelerator, major: int) -> bool:
    """Return whether a requirement can be met beside a major version of a stack."""
    names = [canonicalize_name(each) for each in (requirement.name, *requirement.extras)]
    majors = {major_in_name(name, stack) for name in names}
    majors |= {_major_in_local_part(each.version, stack) for each in requirement.specifier}
    if majors - {None, major}:
        return False
    return not has_version_of(names[0], stack) or _admits_major(requirement.specifier, major)


def _major_in_local_part(version: str, stack: Accelerator) -> int | None:
    """Return the major version in a local part: 12 for ``2.9.1+cu128``."""
    local = version.partition("+")[2]
    try:
        text = named_accelerator(Version(f"0+{local}")) if local else ""
    except ValueError:  # no version, or a number that is too long for int()
        return None
    number = re.search(r"\d{1,9}", text)
    return int(number.group()) if number and accelerator_word(text) == stack else None


def _admits_major(specifiers: SpecifierSet, major: int) -> bool:
    """Return whether any version with a major is admitted; yes, of more parts than wheels have."""
    if len(specifiers) > _MOST_PARTS:
        return True
    try:
        public = without_local_parts(specifiers)
        starts = [sample_from(each) for each in boundaries_of(str(public))]
    except ValueError:  # such as === and no version, or a number that is too long for int()
        return True
    # between two boundaries, all versions are alike; <13.0a0 contains 13.0.dev0, and is not meant
    samples = [Version(f"{major}.0"), Version(f"{major}.999999"), *starts]
    return any(public.contains(each, prereleases=True) for each in samples if each.major == major)
