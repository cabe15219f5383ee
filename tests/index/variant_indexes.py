"""Random indexes of one project with labelled wheels, and the pages that serve them."""

from __future__ import annotations

import hashlib
import html
import pathlib
import random
import sys
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from fromager_build_tags.index.listing import IndexFile
from fromager_build_tags.index.wheel_variants import relabel, version_json, version_json_path
from fromager_build_tags.tag.filename import parse_wheel_name

from .simple_server import Answer
from .wheels import write_wheel

PROJECT = NormalizedName("a-b")
_PYTHON = f"cp{sys.version_info.major}{sys.version_info.minor}"
_VERSIONS = ("1.0", "1.0.post1", "2.0", "2.0rc1", "1.0+local.1")
_BUILDS = ("", "1", "8_el9.6", "8_el9.6_cuda13.0_torch2.9.1", "8_el9.6_cuda13.0_torch2.10.0")
_TAGS = ("py3-none-any", f"{_PYTHON}-none-any", f"{_PYTHON}-{_PYTHON}-win_amd64")
_LABELS = (
    *("", "cuda13.0", "cuda12.9", "cuda12.10", "cuda12.8", "cuda13", "cuda13.0.1", "cuda13.1"),
    *("cuda11.8", "cuda12.21", "cuda10.2", "rocm7.1", "rocm6.4"),
)
_REQUIRES = ("", "", "", ">=3.6", "<3.6", ">=3.99")
DRIVERS = ("13.1", "13.0", "12.9", "12.8", "13.12", "14.0", "11.8", "10.2", "")


@dataclass(frozen=True, kw_only=True)
class VariantFile:
    """A wheel of an index, with the attributes of its link."""

    filename: str
    requires: str = ""
    yanked: bool = False


@dataclass(frozen=True, kw_only=True)
class VariantIndex:
    """The wheels of an index, and the versions whose labels it lists."""

    files: Sequence[VariantFile]
    listed: Sequence[str]

    def answers(self, root: str, folder: pathlib.Path) -> dict[str, Answer]:
        """Return the pages and files of the index below *root*."""
        answers, links = {}, []
        for each in self.files:
            body = content_of(folder, each.filename)
            answers[f"{root}/files/{urllib.parse.quote(each.filename)}"] = Answer(body=body)
            more = f' data-requires-python="{html.escape(each.requires)}"' if each.requires else ""
            more += " data-yanked" if each.yanked else ""
            links.append(f'<a href="{root}/files/{urllib.parse.quote(each.filename)}"{more}>x</a>')
        for version, path, body in self._version_files():
            address = f"{root}/files/{urllib.parse.quote(path)}"
            answers[address] = Answer(body=body, content_type="application/json")
            digest = hashlib.sha256(body).hexdigest()
            links.append(f'<a href="{address}#sha256={digest}">{version}</a>')
        page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>"
        return {**answers, f"{root}/simple/{PROJECT}/": Answer(body=page.encode())}

    def listing(self) -> Sequence[IndexFile]:
        """Return the files of the index."""
        wheels = [
            IndexFile(
                PROJECT,
                each.filename,
                each.filename,
                yanked=each.yanked,
                bare_yank=each.yanked,
                requires_python=each.requires,
            )
            for each in self.files
        ]
        names = [path.rpartition("/")[2] for _, path, _ in self._version_files()]
        return [*wheels, *(IndexFile(PROJECT, name, name) for name in names)]

    def _version_files(self) -> Sequence[tuple[str, str, bytes]]:
        found = []
        for version in self.listed:
            names = [parse_wheel_name(each.filename) for each in self.files]
            same = [each for each in names if str(each.version) == version]
            body = version_json({each.label for each in same if each.label})
            found.append((version, version_json_path(PROJECT, same[0].version, body), body))
        return found


def random_variants(seed: int) -> VariantIndex:
    """Return the random index of a seed."""
    chance = random.Random(seed)
    versions = chance.sample(_VERSIONS, chance.choice([1, 1, 2, 3]))
    files: dict[str, VariantFile] = {}
    for version in versions:
        for label in chance.sample(_LABELS, chance.choice([1, 2, 4, 6])):
            for _ in range(chance.choice([1, 1, 2])):
                build = f"-{chance.choice(_BUILDS)}".rstrip("-")
                end = f"-{label}" if label else ""
                name = f"a_b-{version}{build}-{chance.choice(_TAGS)}{end}.whl"
                files[name] = VariantFile(
                    filename=name,
                    requires=chance.choice(_REQUIRES) if chance.random() < 0.2 else "",
                    yanked=chance.random() < 0.1,
                )
    labelled = {name.split("-")[1] for name in files if parse_wheel_name(name).label}
    return VariantIndex(
        files=[*files.values()],
        listed=[each for each in versions if each in labelled and chance.random() < 0.9],
    )


def content_of(folder: pathlib.Path, filename: str) -> bytes:
    """Return a wheel, made once, relabelled if its name has a label."""
    path = folder / filename
    if not path.exists():
        if label := parse_wheel_name(filename).label:
            plain = folder / filename.replace(f"-{label}.whl", ".whl")
            content_of(folder, plain.name)
            relabel(plain, path, label)
        else:
            write_wheel(path)
    return path.read_bytes()


def environ_of(driver: str, home: pathlib.Path, path: str) -> Mapping[str, str]:
    """Return the environment of uv on a machine."""
    forced = {"NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": driver} if driver else {}
    return {"PATH": path, "HOME": str(home), **forced}
