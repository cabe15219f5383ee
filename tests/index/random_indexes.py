"""Random indexes of one project, with all kinds of odd files, and the pages that serve them."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import html
import json
import pathlib
import platform
import random
import re
import sys
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from .simple_server import JSON, Answer
from .wheels import write_sdist, write_wheel

_PYTHON = f"{sys.version_info.major}{sys.version_info.minor}"
_MACHINE = platform.machine()
#: Ways to write the project ``a-b``.
_WORDS = ("a_b", "a_b", "a_b", "a_b", "A_B", "a.b", "a__b", "a._b", "_a_b")
_VERSIONS = (
    *("1.0", "1", "1.0.0", "01.0", "v1.0", "1.0+cu130", "1.0+cu128", "1.0+local.1", "1.0+LOCAL.2"),
    *("1.0.post1", "1.0.dev1", "1.10", "1.9", "2.0rc1", "2.0a0", "2.0.rc1", "1!0.5"),
    *("1.0.beta_x", "2004d", "1.0_1", "99999999999999999999999"),
)
_BUILDS = (
    *("", "", "0", "00", "1", "9", "10", "010", "1a", "1A", "1.5", "1_5", "x1", "1é", "٣"),
    *("10_el9.6", "9_el10.1", "8_el9.6", "8_el9.6_cuda13.0", "8_el9.6_rocm7.1"),
    *("8_el9.6_rocm7.1_torch2.9.1", "8_el9.6_rocm7.1_torch2.10.0", "8_EL9.6", "9" * 25, "0" * 25),
    *("1+x", "1~x", "1!x", "1 x"),
)
_TAGS = (
    *(
        f"cp{_PYTHON}-cp{_PYTHON}-{each}_{_MACHINE}"
        for each in ("linux", "manylinux_2_17", "manylinux2014", "manylinux1", "manylinux_2_99")
    ),
    f"cp{_PYTHON}-cp{_PYTHON}-manylinux2014_{_MACHINE}.manylinux_2_17_{_MACHINE}",
    f"cp{_PYTHON}-cp{_PYTHON}-musllinux_1_2_{_MACHINE}",
    *(f"{each}-abi3-linux_{_MACHINE}" for each in ("cp39", f"cp{_PYTHON}", "cp399", "cp32")),
    f"cp39.cp311-abi3.none-linux_{_MACHINE}",
    *(f"{each}-none-linux_{_MACHINE}" for each in (f"cp{_PYTHON}", f"py{_PYTHON}", "py3", "cp39")),
    *(f"{each}-none-any" for each in (f"cp{_PYTHON}", f"py{_PYTHON}", "py3", "py2.py3", "py2")),
    *("PY3-none-any", "py3-None-Any", f"CP{_PYTHON}-CP{_PYTHON}-LINUX_{_MACHINE}"),
    *("py39-none-any", "cp39-cp39-linux_x86_64", "py3-none-win32", f"cp{_PYTHON}-cp{_PYTHON}t-any"),
)
_REQUIRES = (
    *("", ">=3.8", ">=3.8, , <4", ">=3.12,<3.11.*", ">=3.6.*", "<3", "<3.9", ">=4", "==3.12.*"),
    *("!=3.12.*", ">=3.12,!=3.12.*", "~=3.8", ">=3.8,", "nonsense", ">=3.8;", ">3.12", ">3.13"),
    *(
        ">=3.12.0",
        "<=3.12",
        "===3.12",
        ">= '3.6'",
        "==3.11.*",
        ">=3.6<4",
        ">3.5,<3.6",
        ">=3.9,<3.8",
    ),
    *("~=3", "==3.*", "!=3.0*", ">=3.8.*,!=3.9.*", " ", ",", ">=3.8 <4", ">= 3.8", ">=3.13.0rc1"),
)
_SDISTS = (
    *(".tar.gz", ".tar.gz", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tbz", ".txz"),
    *(".tar", ".tar.lz", ".tlz", ".tar.zst", ".tar.lzma", ".TAR.GZ"),
)
_JUNK = (
    *(".DS_Store", "_index.json", "~oo-1.0-py3-none-any.whl", "a_b-9.0.egg", "a_b-9.0.exe"),
    *("a_b-9.0-py3.12.egg", "a_b-9.0-1.x86_64.rpm", "a_b-9.0-py3-none-any.whl.metadata", "a_b.whl"),
    *("a_b-9.0-py3-none-any.whl.asc", "other-9.0-py3-none-any.whl", "a_b_c-9.0-py3-none-any.whl"),
    *("a_b-9.0-py3-none.whl", "a_b-9.0-1-2-py3-none-any.whl", "a_b-9.0-py3-none-any.WHL"),
    *("a_b-9.0-py3-none-any.whl.gz", "a_b-9.0-py3.12.zip", "a_b-9.0-macosx10.9.zip"),
    "a_b-9.0-py3-none-any-cu130.whl",
)

_STYLES = ("plain", "absolute", "query", "hash", "metadata", "relative", "renamed")
_YANKED: Sequence[str | bool] = (True, "", "broken")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file on a page.

    Attributes:
        yanked: the value in JSON; in HTML, True for an attribute without a value.
        style: how its URL is written.
        again: whether it is another file with the name of one before it.
    """

    filename: str
    requires: str | None = None
    yanked: str | bool = False
    style: str = "plain"
    again: bool = False

    @property
    def path(self) -> str:
        """The path of the file below the folder of files."""
        return f"again/{self.filename}" if self.again else self.filename


@dataclass(frozen=True, kw_only=True)
class RandomIndex:
    """One or two indexes of the project ``a-b``.

    Attributes:
        pages: the files of each index; None for an index without the project.
        formats: ``html`` or ``json`` for each.
        pin: a version to pin.
        python: the Python to install for; "" for the running one. Another has no sdists: pip
            builds none for it.
    """

    pages: Sequence[Sequence[Entry] | None]
    formats: Sequence[str]
    pin: str
    python: str = ""
    api: str = "1.0"
    base: bool = False
    root: str = field(default="")


def random_index(seed: int) -> RandomIndex:
    """Return the random index of a seed."""
    chance = random.Random(seed)
    count = chance.choice([1, 1, 1, 2])
    pages: list[Sequence[Entry] | None] = [_entries(chance) for _ in range(count)]
    python = chance.choice(["", "", "", "3.9", "3.11", "3.14"])
    if python:
        pages = [[_for_python(each, python) for each in _wheels(page)] for page in pages]
    if count == 2 and chance.random() < 0.2:
        pages[chance.randrange(2)] = None
    elif count == 2 and chance.random() < 0.1:
        pages[0] = []
    return RandomIndex(
        pages=pages,
        formats=[chance.choice(["html", "json"]) for _ in pages],
        pin=_pin(chance, [each for page in pages for each in page or ()]),
        python=python,
        api=chance.choice(["1.0", "1.0", "1.1", "1.4"]),
        base=chance.random() < 0.2,
        root=f"/index{seed}",
    )


def _wheels(page: Sequence[Entry] | None) -> list[Entry]:
    return [
        each for each in page or () if not re.search(r"\.(t\w+|zip)($|\.)", each.filename.lower())
    ]


def _for_python(entry: Entry, python: str) -> Entry:
    """Return a file with the tags of another Python."""
    minor = python.replace(".", "")
    return dataclasses.replace(entry, filename=entry.filename.replace(_PYTHON, minor))


def _pin(chance: random.Random, entries: Sequence[Entry]) -> str:
    """Return the version of one of the wheels."""
    pins = []
    for each in (each for each in entries if not each.filename.startswith("~")):
        with contextlib.suppress(ValueError, IndexError):
            pins.append(str(Version(each.filename.split("-")[1])))
    return chance.choice(pins) if pins else "1.0"


def _entries(chance: random.Random) -> list[Entry]:
    tags = chance.sample(_TAGS, chance.choice([1, 2, 3, 5]))
    versions = chance.sample(_VERSIONS, chance.choice([1, 2, 3, 6]))
    odd = chance.choice([0.05, 0.2, 0.5])
    names = []
    for _ in range(chance.choice([1, 2, 4, 8])):
        word = chance.choice(_WORDS) if chance.random() < odd else "a_b"
        build = f"-{chance.choice(_BUILDS)}".rstrip("-")
        names.append(f"{word}-{chance.choice(versions)}{build}-{chance.choice(tags)}.whl")
    if chance.random() < 0.3:
        word = chance.choice([*_WORDS, "a-b"])
        extension = chance.choice(_SDISTS) if chance.random() < 2 * odd else ".tar.gz"
        names.append(f"{word}-{chance.choice(['1.0', '1.10', '3.0', '0.8'])}{extension}")
    names += chance.sample(_JUNK, chance.choice([0, 0, 1, 3]))
    chance.shuffle(names)
    entries = [_entry(chance, name, odd) for name in dict.fromkeys(names)]
    if chance.random() < 0.3:
        twice = chance.sample(entries, min(len(entries), chance.choice([1, 2, 8])))
        again = [_entry(chance, each.filename, 0.7, again=chance.random() < 0.5) for each in twice]
        entries += again
        if chance.random() < 0.5:
            chance.shuffle(entries)
    return entries


def _entry(chance: random.Random, filename: str, odd: float, *, again: bool = False) -> Entry:
    return Entry(
        filename=filename,
        again=again,
        requires=chance.choice(_REQUIRES) if chance.random() < odd else None,
        yanked=chance.choice(_YANKED) if chance.random() < odd / 2 else False,
        style=chance.choice(_STYLES) if chance.random() < 0.5 else "plain",
    )


def content_of(folder: pathlib.Path, entry: Entry) -> bytes:
    """Return the bytes of a file, made once."""
    path, filename = folder / "files" / entry.path, entry.filename
    if not path.exists():
        path.parent.mkdir(exist_ok=True, parents=True)
        if filename.endswith(".whl") and filename.count("-") in {4, 5}:
            word = filename.partition("-")[0]
            write_wheel(path, {f"{word}_name.txt": entry.path.encode()} if entry.again else {})
        elif filename.startswith(("a", "A", "_")) and "-" in filename:
            write_sdist(path, entry.path)
        else:
            path.write_bytes(b"nothing")
    return path.read_bytes()


def answers_of(index: RandomIndex, folder: pathlib.Path, url: str) -> dict[str, Answer]:
    """Return the pages and files of an index, under ``/index<seed>/0/simple/`` and so on."""
    answers: dict[str, Answer] = {}
    for number, (entries, kind) in enumerate(zip(index.pages, index.formats, strict=True)):
        root = f"{index.root}/{number}"
        some = entries or []
        files = {each.path: content_of(folder, each) for each in some}
        for name, body in files.items():
            answers[f"{root}/files/{urllib.parse.quote(name)}"] = _file(body)
            answers[f"{root}/files/{urllib.parse.quote(name)}?x=y%2Fz"] = _file(body)
            answers[f"{root}/files/{'again/' * name.startswith('again/')}{_digest(body)}"] = _file(
                body
            )
            metadata = b"Metadata-Version: 2.1\nName: a-b\nVersion: " + _version(name)
            answers[f"{root}/files/{urllib.parse.quote(name)}.metadata"] = _file(metadata)
        listed = [] if entries is None else ["a-b"]
        if kind == "json":
            meta = {"api-version": index.api}
            page: dict[str, object] = {"meta": meta, "name": "a-b", "versions": [], "files": []}
            page["files"] = [_json(each, url, root, files[each.path]) for each in some]
            first = {"meta": meta, "projects": [{"name": each} for each in listed]}
            pages = [
                Answer(body=json.dumps(each).encode(), content_type=JSON) for each in (first, page)
            ]
        else:
            base = f'<base href="{url}{root}/files/">' if index.base else ""
            links = "".join(_html(each, url, root, index, files[each.path]) for each in some)
            head = f'<meta name="pypi:repository-version" content="{index.api}">{base}'
            roots = "".join(f'<a href="{root}/simple/{each}/">{each}</a>' for each in listed)
            bodies = (
                f"<html><body>{roots}</body></html>",
                f"<html><head>{head}</head>{links}</html>",
            )
            pages = [Answer(body=f"<!DOCTYPE html>{each}".encode()) for each in bodies]
        answers[f"{root}/simple/"] = pages[0]
        if entries is not None:
            answers[f"{root}/simple/a-b/"] = pages[1]
    return answers


def _file(body: bytes) -> Answer:
    return Answer(body=body, content_type="application/octet-stream")


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _version(name: str) -> bytes:
    return (name.split("-")[1] if "-" in name else "0").encode()


def _url(entry: Entry, url: str, root: str, body: bytes) -> str:
    quoted = urllib.parse.quote(entry.path)
    styles = {
        "absolute": f"{url}{root}/files/{quoted}",
        "query": f"{root}/files/{quoted}?x=y%2Fz",
        "hash": f"{root}/files/{quoted}#sha256={_digest(body)}",
        "relative": f"../../files/{quoted}",
    }
    return styles.get(entry.style, f"{root}/files/{quoted}")


def _json(entry: Entry, url: str, root: str, body: bytes) -> dict[str, object]:
    address = _url(entry, url, root, body)
    if entry.style == "renamed":
        address = f"../../files/{'again/' * entry.again}{_digest(body)}"
    found: dict[str, object] = {
        "filename": entry.filename,
        "url": address,
        "hashes": {"sha256": _digest(body)} if entry.style == "hash" else {},
        "yanked": entry.yanked,
        "size": len(body),
        "upload-time": "2026-01-01T00:00:00Z",
    }
    if entry.requires is not None:
        found["requires-python"] = entry.requires
    if entry.style == "metadata" and entry.filename.endswith(".whl"):
        found["core-metadata"] = True
    return found


def _html(entry: Entry, url: str, root: str, index: RandomIndex, body: bytes) -> str:
    href = _url(entry, url, root, body)
    if index.base and entry.style == "relative":
        href = urllib.parse.quote(entry.path)
    attributes = [f'href="{html.escape(href)}"']
    if entry.requires is not None:
        attributes.append(f'data-requires-python="{html.escape(entry.requires)}"')
    if entry.yanked is True:
        attributes.append("data-yanked")
    elif entry.yanked is not False:
        attributes.append(f'data-yanked="{entry.yanked}"')
    if entry.style == "metadata" and entry.filename.endswith(".whl"):
        attributes.append('data-dist-info-metadata="true" data-gpg-sig="true"')
    return f"<a {' '.join(attributes)}>{html.escape(entry.filename)}</a><br/>\n"
