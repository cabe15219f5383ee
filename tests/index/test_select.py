"""The selected files: ours, and those of the real pip and uv on generated indexes."""

from __future__ import annotations

import html
import itertools
import os
import pathlib
import platform
import random
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import metadata
from types import MappingProxyType

import pytest
from packaging.utils import NormalizedName, parse_sdist_filename
from packaging.version import Version

from fromager_build_tags.errors import InputError
from fromager_build_tags.index.listing import IndexFile
from fromager_build_tags.index.select import others_of, select, select_newest, select_pinned
from fromager_build_tags.index.status import IndexWheel, group_files
from fromager_build_tags.index.targets import Installer, Target, running_target, targets_of
from fromager_build_tags.tag.build_tag import NO_BUILD_TAG
from fromager_build_tags.tag.filename import WheelName, parse_wheel_name

from .simple_server import Answer, serve
from .wheels import write_sdist, write_wheel

INDEXES = 80
#: One index in five has an sdist; installers build it only where they select it.
SDISTS = 0.2


def file(filename: str, attributes: Mapping[str, str] = MappingProxyType({})) -> IndexWheel:
    """Return a file with the attributes of its link in HTML."""
    if filename.endswith(".whl"):
        name = parse_wheel_name(filename)
    else:
        name = WheelName(filename, *parse_sdist_filename(filename), NO_BUILD_TAG, frozenset())
    listed = IndexFile(
        name.name,
        filename,
        filename,
        yanked="data-yanked" in attributes,
        requires_python=attributes.get("data-requires-python", ""),
    )
    return IndexWheel(listed, name)


def wheel(filename: str, *, yanked: bool = False) -> IndexWheel:
    return file(filename, {"data-yanked": ""} if yanked else {})


CP312 = Target(python=(3, 12), abi="cp312", platform="linux_x86_64")


@pytest.mark.parametrize(
    ("lower", "selected"),
    [
        ("1-8_el9.6_rocm7.1_torch2.10.0", "1-8_el9.6_rocm7.1_torch2.9.1"),
        ("1-8_el10.1", "1-8_el9.6"),
        ("1-8_el9.6_cuda13.0", "1-8_el9.6_rocm7.1"),
        ("1-8", "1-8_el9.6"),
        ("1", "1-0"),
        ("1-9_el9.6", "1-10_el9.6"),
    ],
)
def test_build_tags_compare_by_number_then_as_strings(lower: str, selected: str) -> None:
    files = [wheel(f"a-{stem}-cp312-cp312-linux_x86_64.whl") for stem in (lower, selected)]
    for order in (files, files[::-1]):
        assert select(order, CP312) is files[1]


@pytest.mark.parametrize(
    ("lower", "selected"),
    [
        ("9-cp312-cp312-manylinux2014_x86_64", "1-cp312-cp312-manylinux_2_17_x86_64"),
        ("9-cp39-abi3-linux_x86_64", "1-cp312-abi3-linux_x86_64"),
        ("9-py3-none-any", "1-py3-none-linux_x86_64"),
        ("9-py2.py3-none-any", "1-cp38-abi3-linux_x86_64"),
        ("9-cp313-cp313-linux_x86_64", "1-py3-none-any"),
        ("9-cp312-cp312-linux_aarch64", "1-py3-none-any"),
    ],
)
def test_the_preferred_tag_takes_precedence_over_any_build_tag(lower: str, selected: str) -> None:
    files = [wheel(f"a-1-{rest}.whl") for rest in (lower, selected)]
    assert select(files, CP312) is files[1]


def test_pip_and_uv_disagree_on_linux_and_manylinux() -> None:
    linux = wheel("a-1-1-cp312-cp312-linux_x86_64.whl")
    many = wheel("a-1-9-cp312-cp312-manylinux_2_28_x86_64.whl")
    assert select([many, linux], CP312, Installer.PIP) is linux
    assert select([many, linux], CP312, Installer.UV) is many


def test_a_yanked_wheel_is_selected_only_alone() -> None:
    yanked = wheel("a-1-9-py3-none-any.whl", yanked=True)
    kept = wheel("a-1-1-py3-none-any.whl")
    assert select([yanked, kept], CP312) is kept
    assert select([yanked], CP312) is yanked
    assert select_newest([yanked], CP312) is None
    assert select([wheel("a-1-cp39-cp39-linux_x86_64.whl")], CP312) is None


def test_the_newest_release_is_selected() -> None:
    names = ("a-1.9-1", "a-1.10-1", "a-1.10-2", "a-2.0rc1-1")
    files = [wheel(f"{stem}-py3-none-any.whl") for stem in names]
    assert select_newest(files, CP312) is files[2]
    assert select_newest(files[3:], CP312) is files[3]


@pytest.mark.parametrize(
    ("platform", "tag", "fits"),
    [
        ("manylinux_2_34_x86_64", "manylinux_2_34_x86_64", True),
        ("manylinux_2_34_x86_64", "manylinux_2_35_x86_64", False),
        ("manylinux_2_34_x86_64", "manylinux2014_x86_64", True),
        ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64", True),
        ("musllinux_1_2_x86_64", "manylinux_2_17_x86_64", False),
        ("macosx_11_0_arm64", "macosx_11_0_arm64", True),
    ],
)
def test_platforms(platform: str, tag: str, fits: bool) -> None:
    target = Target(python=(3, 12), abi="cp312", platform=platform)
    assert (select([wheel(f"a-1-cp312-cp312-{tag}.whl")], target) is not None) is fits


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["cp312-cp312-linux_x86_64"], ["cp312 on linux_x86_64"]),
        (
            ["cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "py3-none-any"],
            ["cp312 on linux_x86_64"],
        ),
        (
            ["cp312-cp312-linux_x86_64", "cp313-cp313t-linux_aarch64"],
            [
                "cp312 on linux_aarch64",
                "cp312 on linux_x86_64",
                "cp313t on linux_aarch64",
                "cp313t on linux_x86_64",
            ],
        ),
        (["py3-none-any"], [str(running_target())]),
        (["cp399999-cp399999-linux_x86_64", "cp3٣-cp3٣-any"], [str(running_target())]),
        (["cp39-abi3-macosx_11_0_arm64"], [str(running_target("macosx_11_0_arm64"))]),
        (["cp39-abi3-musllinux_1_1_x86_64"], [str(running_target("musllinux_1_5_x86_64"))]),
    ],
)
def test_targets_are_those_that_the_names_spell(tags: list[str], expected: list[str]) -> None:
    names = [parse_wheel_name(f"a-1-{tag}.whl") for tag in tags]
    assert [str(target) for target in targets_of(names)] == expected


def test_a_wheel_name_is_parsed() -> None:
    name = parse_wheel_name("Flash_Attn-2.8.3+x-8_el9.6_cuda13.0-cp312-cp312-linux_x86_64.whl")
    assert (name.name, str(name.version), name.number) == ("flash-attn", "2.8.3+x", 8)
    assert name.segments == ("el9.6", "cuda13.0")
    assert name.is_platlib
    assert not parse_wheel_name("a-1-py3-none-any.whl").is_platlib
    with pytest.raises(InputError, match="is not the file name of a wheel"):
        parse_wheel_name("a-1-1-cp312-cp312-linux_x86_64-CU12.whl")


# The real installers. Every index is a folder of its own, with one project.


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Sequence[pathlib.Path]:
    root = tmp_path_factory.mktemp("indexes")
    folders = [root / f"index{number}" for number in range(INDEXES)]
    for number, folder in enumerate(folders):
        for filename in _filenames(random.Random(number), f"demo{number}"):
            write(folder / filename)
    return folders


def write(path: pathlib.Path) -> None:
    if path.suffix == ".whl":
        write_wheel(path)
    else:
        write_sdist(path)


def _filenames(chance: random.Random, project: str) -> Iterator[str]:
    python = f"{sys.version_info.major}{sys.version_info.minor}"
    machine = platform.machine()
    tags = [
        *(f"cp{python}-cp{python}-{each}_{machine}" for each in ("linux", "manylinux_2_17")),
        f"cp{python}-cp{python}-manylinux2014_{machine}.manylinux_2_17_{machine}",
        f"cp{python}-abi3-linux_{machine}",
        f"cp39-abi3-linux_{machine}",
        f"cp{python}-none-linux_{machine}",
        f"py3-none-linux_{machine}",
        f"cp{python}-none-any",
        "py3-none-any",
        "py2.py3-none-any",
        "cp39-cp39-linux_x86_64",
    ]
    suffixes = [
        *("", "_el9.6", "_el10.1", "_el9.6_cuda13.0", "_el9.6_rocm7.1", "_el9.6_cpu"),
        *("_el9.6_rocm7.1_torch2.9.1", "_el9.6_rocm7.1_torch2.10.0", "_EL9.6", "el9.6"),
    ]
    some_tags = chance.sample(tags, chance.choice([1, 1, 2, 4]))
    versions = ["1.0", "1.10", "1.9", "2.0rc1", "1.0+local"]
    yield f"{project}-0.9-py3-none-any.whl"
    for _ in range(chance.randint(2, 12)):
        version = chance.choice(versions[: chance.choice([1, 2, 5])])
        build = f"-{chance.choice([1, 2, 9, 10])}{chance.choice(suffixes)}"
        stem = f"{project}-{version}{chance.choice([build, build, ''])}"
        yield f"{stem}-{chance.choice(some_tags)}.whl"
    if chance.random() < SDISTS:
        yield f"{project}-{chance.choice(['0.8', '1.0', '1.10', '3.0'])}.tar.gz"


def _taken(target: pathlib.Path) -> dict[str, str]:
    """Return the name of every installed wheel, from its content."""
    text = {path.name: path.read_text() for path in target.glob("*_name.txt")}
    return {name.removesuffix("_name.txt"): filename for name, filename in text.items()}


def _install(installer: Installer, folder: pathlib.Path, *args: str) -> dict[str, str]:
    """Install with the real one, and return what was taken of each project."""
    pytest.importorskip("pip", reason="pip is not installed here")
    target = folder / "target"
    uv = ["uv", "pip", "install", "--python", sys.executable, "--cache-dir", str(folder / "c")]
    command = {
        Installer.PIP: ["pip", "install", "--disable-pip-version-check", "--no-compile"],
        Installer.UV: uv,
    }[installer]
    done = subprocess.run(
        [sys.executable, "-m", *command, "--quiet", "--no-deps", "--target", str(target), *args],
        env={"PATH": os.defpath, "HOME": str(folder), "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return _taken(target)


def _order(installer: Installer) -> Installer:
    """Return who chooses as the installed one does: an older pip did as uv does."""
    if installer is Installer.PIP and Version(metadata.version("pip")) < Version("26.3"):
        return Installer.UV
    return installer


def here() -> Target:
    glibc = platform.libc_ver()[1].replace(".", "_")
    return running_target(f"manylinux_{glibc}_{platform.machine()}")


@pytest.mark.parametrize("installer", Installer)
def test_the_real_installers_agree(
    installer: Installer, indexes: Sequence[pathlib.Path], tmp_path: pathlib.Path
) -> None:
    found = [argument for folder in indexes for argument in ("--find-links", str(folder))]
    projects = [f"demo{number}" for number in range(INDEXES)]
    taken = _install(installer, tmp_path, "--no-index", *found, *projects)
    assert len(taken) == INDEXES
    assert len([name for name in taken.values() if name.endswith(".tar.gz")]) > 3
    expected = [_expected(folder, _order(installer)) for folder in indexes]
    assert dict(zip(projects, expected, strict=True)) == taken


def _expected(folder: pathlib.Path, installer: Installer) -> str:
    taken = select_newest([file(path.name) for path in folder.iterdir()], here(), installer)
    assert taken is not None
    return taken.file.filename


YANKED = {"data-yanked": ""}
NEWER = {"data-requires-python": f">=3.{sys.version_info.minor + 1}"}
EXACT = {"data-requires-python": f"==3.{sys.version_info.minor}"}
NO_LONGER = {"data-requires-python": f"<3.{sys.version_info.minor}"}
WILD = {"data-requires-python": f"==3.{sys.version_info.minor}.*"}
INVALID = ["nonsense", ">=3.6 <4", "~=3", ">=3.6;"]
PURE = "-py3-none-any.whl"

#: Files of a page with attributes; the selection of pip and uv without a pin, and for ==1.0.
#: "" is nothing at all: an error.
PAGES: Sequence[tuple[dict[str, dict[str, str]], tuple[str, str], tuple[str, str]]] = [
    ({f"1.0-8{PURE}": {}, f"1.0-9{PURE}": YANKED}, ("8", "8"), ("8", "9")),
    ({f"1.0-8{PURE}": YANKED, f"1.0-9{PURE}": YANKED, f"0.9-1{PURE}": {}}, ("1", "1"), ("9", "9")),
    ({f"1.0-8{PURE}": {}, f"2.0-9{PURE}": YANKED}, ("8", "8"), ("8", "8")),
    ({f"1.0-8{PURE}": YANKED, "1.0.tar.gz": {}}, ("sdist", "sdist"), ("sdist", "8")),
    ({f"1.0-8{PURE}": {}, "1.0.tar.gz": {}}, ("8", "8"), ("8", "8")),
    ({f"1.0-8{PURE}": {}, "2.0.tar.gz": {}}, ("sdist", "sdist"), ("8", "8")),
    ({f"1.0-8{PURE}": {}, "2.0.tar.gz": YANKED}, ("8", "8"), ("8", "8")),
    ({f"1.0-8{PURE}": {}, "2.0rc1.tar.gz": {}}, ("8", "8"), ("8", "8")),
    ({f"1.0-8{PURE}": {}, "2.0.tar.gz": NEWER}, ("8", "8"), ("8", "8")),
    (
        {f"0.9-8{PURE}": {}, "1.0-8-cp27-cp27m-win32.whl": {}, "1.0.tar.gz": {}},
        ("sdist", "sdist"),
        ("sdist", "sdist"),
    ),
    ({f"1.0-8{PURE}": {}, f"2.0-9{PURE}": NEWER}, ("8", "8"), ("8", "8")),
    ({f"1.0-8{PURE}": {}, f"1.0-9{PURE}": EXACT}, ("8", "9"), ("8", "9")),
    ({f"1.0-8{PURE}": {}, f"1.0-9{PURE}": NO_LONGER}, ("8", "9"), ("8", "9")),
    ({f"1.0-8{PURE}": {}, f"1.0-9{PURE}": WILD}, ("9", "9"), ("9", "9")),
    *(
        (
            {f"1.0-8{PURE}": {}, f"1.0-9{PURE}": {"data-requires-python": text}},
            ("9", "8"),
            ("9", "8"),
        )
        for text in INVALID
    ),
    ({f"0.9-7{PURE}": {}, f"1.0-8{PURE}": {}, f"1.0-9{PURE}": NEWER}, ("8", "7"), ("8", "")),
    ({f"1.0-8{PURE}": {}, f"1.0+local-7{PURE}": {}}, ("7", "7"), ("7", "7")),
    ({f"1.0-8{PURE}": YANKED, f"1.0+local-7{PURE}": {}}, ("7", "7"), ("7", "7")),
    ({f"1.0-8{PURE}": {}, f"1.0+local-7{PURE}": YANKED}, ("8", "8"), ("8", "8")),
    ({f"1.0-8{PURE}": {}, f"1.0+local-7{PURE}": NEWER}, ("8", "8"), ("8", "8")),
    ({f"1.0-8{PURE}": YANKED, f"2.0rc1-9{PURE}": {}}, ("", "9"), ("8", "8")),
    ({f"1.0-8{PURE}": NEWER, f"2.0rc1-9{PURE}": {}}, ("9", "9"), ("", "")),
]


def _short(filename: str) -> str:
    return "sdist" if filename.endswith(".tar.gz") else str(parse_wheel_name(filename).number)


def _page(number: int) -> dict[str, dict[str, str]]:
    files, _, _ = PAGES[number]
    return {f"page{number}-{rest}": attributes for rest, attributes in files.items()}


@pytest.mark.parametrize("installer", Installer)
@pytest.mark.parametrize("pinned", [False, True])
def test_selections_from_pages(installer: Installer, pinned: bool) -> None:
    for number, (_, newest, of_pin) in enumerate(PAGES):
        files = [file(name, attributes) for name, attributes in _page(number).items()]
        choose = partial(select_pinned, version=Version("1.0")) if pinned else select_newest
        taken = choose(files, target=running_target(), installer=installer)
        expected = (of_pin if pinned else newest)[list(Installer).index(installer)]
        assert ("" if taken is None else _short(taken.file.filename)) == expected, number


@pytest.mark.parametrize(
    ("requires", "pip", "uv"),
    [
        *((each, "9", "9") for each in (">=3.6.*", ">=3.6<4", ">= '3.6'", ">=3.12,<3.11.*")),
        *((each, "9", "9") for each in (">=3.6,!=3.1*", ">=3.6, ", "!=~2.7", ">dev", ">=3.6,")),
        *((each, "9", "8") for each in (">=3.8, , <4", "nonsense", ">=3.8;", " ")),
        *((each, "8", "9") for each in (">3.5,<3.6", "<3", "!=3.12.*", ">=3.14,<3.8")),
        *((each, "8", "None") for each in (">=3.13", ">=3.12,!=3.12.*")),
        (",", "9", "9"),
    ],
)
def test_uv_repairs_some_requirements_and_pip_ignores_what_is_invalid(
    requires: str, pip: str, uv: str
) -> None:
    attributes = {"data-requires-python": requires}
    files = [file(f"a-1.0-8{PURE}"), file(f"a-1.0-9{PURE}", attributes)]
    selected = [select(files, CP312, each) for each in Installer]
    assert [str(each and each.name.number) for each in selected] == [pip, uv]


#: Files of the project a-b, each with the installers that select it where it is alone.
ODD_NAMES = [
    ("a_b-1-1-py3-none-any.whl", "pip uv"),
    ("A.B-1-1-py3-none-any.whl", "pip uv"),
    ("a__b-1-1-py3-none-any.whl", "uv"),
    ("a_.b-1-1-py3-none-any.whl", "pip uv"),
    (f"a_b-1-{1 << 64}_el9.6-py3-none-any.whl", "pip"),
    (f"a_b-1-{(1 << 64) - 1}_el9.6-py3-none-any.whl", "pip uv"),
    (f"a_b-1.{1 << 64}-1-py3-none-any.whl", "pip"),
    ("a_b-1-1é-py3-none-any.whl", "pip"),
    ("a_b-1-1~x-py3-none-any.whl", "pip"),
    ("a_b-1-1-PY3-none-any.whl", "pip"),
    ("a_b-1-1-py3-none-any.WHL", ""),
    ("a_b-1.tar.gz", "pip uv"),
    ("a-b-1.tar.gz", "pip uv"),
    ("A.B-1.zip", "pip uv"),
    *((f"a_b-1.{each}", "pip") for each in ("tgz", "tar.bz2", "tbz", "tar.xz", "txz", "tar")),
    *((f"a_b-1.{each}", "") for each in ("tar.zst", "egg", "TAR.GZ", "tar.gz.asc", "rpm")),
    ("a._b-1.tar.gz", "pip"),
    ("a_b-1-2.tar.gz", "pip uv"),  # 1.post2
    ("a_b-1-py3.12.tar.gz", ""),
    ("a_b_c-1.tar.gz", ""),
    ("a_b-.tar.gz", ""),
    ("-1.tar.gz", ""),
    ("~oo-1.0-py3-none-any.whl", ""),
    ("_index.json", ""),
]


@pytest.mark.parametrize(("filename", "installers"), ODD_NAMES)
def test_names_that_pip_or_uv_does_not_read(filename: str, installers: str) -> None:
    project = NormalizedName("a-b")
    listed = [IndexFile(project, filename, f"http://localhost/{urllib.parse.quote(filename)}")]
    grouped = group_files(listed).wheels.values()
    files = [*itertools.chain.from_iterable(grouped), *others_of(listed)]
    selected = [each.value for each in Installer if select_newest(files, CP312, each)]
    assert " ".join(selected) == installers


def test_pip_takes_the_name_of_a_file_from_its_url() -> None:
    listed = file("a-1-1-py3-none-any.whl")
    at_hash = listed._replace(file=listed.file._replace(location="http://localhost/files/0123"))
    assert select([at_hash], CP312, Installer.PIP) is None
    assert select([at_hash], CP312, Installer.UV) is at_hash


def test_of_equal_files_pip_selects_the_last_and_uv_the_first_by_name() -> None:
    names = ("a-1.0-1-py3-none-any.whl", "a-1-1-py3-none-any.whl", "a-1-01-py3-none-any.whl")
    files = [file(name) for name in names]
    assert select_newest(files, CP312, Installer.PIP) is files[2]
    assert select_newest(files, CP312, Installer.UV) is files[2]
    assert select_newest(files[::-1], CP312, Installer.PIP) is files[0]
    assert select_newest(files[::-1], CP312, Installer.UV) is files[2]


@pytest.mark.skipif(sys.version_info.micro == 0, reason="==3.13 holds of 3.13.0, for pip as well")
@pytest.mark.parametrize("installer", Installer)
@pytest.mark.parametrize("pinned", [False, True])
def test_the_real_installers_agree_on_pages(
    installer: Installer, pinned: bool, tmp_path: pathlib.Path
) -> None:
    answers: dict[str, Answer] = {}
    expected: dict[str, str] = {}
    for number, (_, newest, of_pin) in enumerate(PAGES):
        links = ""
        for name, attributes in _page(number).items():
            write(tmp_path / name)
            content = Answer(
                body=(tmp_path / name).read_bytes(), content_type="application/octet-stream"
            )
            answers |= {f"/files/{each}": content for each in (name, urllib.parse.quote(name))}
            text = "".join(f' {key}="{html.escape(text)}"' for key, text in attributes.items())
            links += f'<a href="/files/{name}"{text}>{name}</a>\n'
        answers[f"/simple/page{number}/"] = Answer(body=f"<html>{links}</html>".encode())
        if taken := (of_pin if pinned else newest)[list(Installer).index(installer)]:
            expected[f"page{number}"] = taken
    wanted = [f"{project}==1.0" if pinned else project for project in expected]
    with serve(answers) as server:
        made = _install(installer, tmp_path, "--index-url", f"{server.url}/simple/", *wanted)
    assert {project: _short(name) for project, name in made.items()} == expected
