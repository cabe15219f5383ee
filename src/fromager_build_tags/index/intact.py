"""Whether a wheel can replace another one: it is complete, and its contents match its name."""

from __future__ import annotations

import base64
import csv
import hashlib
import math
import pathlib
from collections.abc import Callable, Mapping
from typing import Final

from packaging.requirements import Requirement
from packaging.tags import parse_tag

from ..findings.finding import Severity
from ..findings.rules import NO_ACCELERATOR_INSIDE, NO_TORCH_INSIDE
from ..settings.tree import SettingsTree
from ..tag.filename import parse_wheel_name
from ..text import first_few
from ..verify.exemptions import exemptions_of
from ..verify.run import ExemptionsOf, WheelSource, verify_wheel
from ..wheel.archive import Member, WheelArchive, WheelError

#: Characters of a name that are shown.
_MOST: Final = 200
#: A wheel with a segment too many works wherever its name allows it.
_HARMLESS: Final = {NO_ACCELERATOR_INSIDE.code, NO_TORCH_INSIDE.code}
_SIGNATURES: Final = ("", ".jws", ".p7s")

#: Reads the wheel at a path, and returns why it cannot replace another one; "" if it can.
type Damage = Callable[[pathlib.Path], str]


def damage_on(tree: SettingsTree, variant: str) -> Damage:
    """Return the function that reads a wheel with the exemptions of a variant; it never caches."""
    ctx = tree.on(variant).ctx
    return lambda path: _damage(path, lambda name: exemptions_of(ctx, Requirement(name)))


def _damage(path: pathlib.Path, exemptions_of: ExemptionsOf) -> str:
    for finding in verify_wheel(WheelSource(text=str(path)), exemptions_of):
        is_error = finding.severity is Severity.ERROR and not finding.suppression
        if is_error and finding.code not in _HARMLESS:
            return finding.message
    try:
        with WheelArchive.open(path) as archive:
            return _other_tags(archive, path.name) or _incomplete(archive)
    except WheelError as err:
        return err.reason


def requires_python(path: pathlib.Path) -> str | None:
    """Return the Requires-Python of a wheel, "" if it has none; None if it cannot be read."""
    try:
        with WheelArchive.open(path) as archive:
            return archive.metadata().get("requires_python", "")
    except WheelError:
        return None


def _other_tags(archive: WheelArchive, filename: str) -> str:
    """Return how the tags in ``WHEEL`` differ from those of the name; "" if they do not."""
    expected = parse_wheel_name(filename).tags
    texts = [str(each).strip() for each in archive.wheel_metadata().get_all("Tag", [])]
    # a text of 60,000 characters can stand for a billion of tags
    counts = (math.prod(part.count(".") + 1 for part in each.split("-")) for each in texts)
    if texts and (
        any(count > len(expected) for count in counts)
        or any(each.count("-") != 2 for each in texts)
        or frozenset().union(*map(parse_tag, texts)) != expected
    ):
        return f"WHEEL has the tag {first_few(texts)[:_MOST]}, not those of the name"
    return ""


def _incomplete(archive: WheelArchive) -> str:
    """Return how the files of a wheel differ from its RECORD; "" if they do not."""
    text = archive.dist_info_text("RECORD")
    if text is None:
        return f"{archive.record!r} is missing"
    try:
        rows = list(csv.reader(text.decode("utf-8", "replace").splitlines()))
    except csv.Error as err:  # such as a name of 200,000 characters
        return f"RECORD cannot be read: {err}"
    hashes = {row[0]: row[1] for row in rows if len(row) > 1}
    names = {each.name for each in archive.members}
    # some RECORDs list folders; none has to list itself and its signatures
    missing = {each for each in hashes if not each.endswith("/")} - names
    unlisted = names - hashes.keys() - {archive.record + each for each in _SIGNATURES}
    if missing or unlisted:
        what = "of its RECORD is missing" if missing else "is not in its RECORD"
        return f"{min(missing or unlisted)[:_MOST]!r} {what}"
    if all(name.startswith(f"{archive.dist_info}/") for name in names):
        return "it contains nothing but metadata"
    return next(filter(None, (_altered(each, hashes) for each in archive.members)), "")


def _altered(member: Member, hashes: Mapping[str, str]) -> str:
    """Read a member to its end, where zipfile compares the checksum, and compare its hash."""
    algorithm, _, expected = hashes.get(member.name, "").partition("=")
    known = algorithm in hashlib.algorithms_guaranteed and not algorithm.startswith("shake")
    digest = member.digest(algorithm if known else "sha256")
    found = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if known and found != expected.rstrip("="):
        return f"{member.name[:_MOST]!r} has another hash than in its RECORD"
    return ""
