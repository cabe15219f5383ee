"""Requirements files as pip reads them, and the graphs of fromager."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pip._internal.exceptions import InstallationError
from pip._internal.req.req_file import parse_requirements

from fromager_build_tags.errors import InputError
from fromager_build_tags.plan.requirement_lines import requirement_lines
from fromager_build_tags.plan.requirements import from_build_file, from_requirements_file

FILES = {
    "r.txt": '\ufeffpywin32==311 ; sys_platform == "win32"\n'
    "Torch==2.9.1 \\\n"
    "    --hash=sha256:aa \\\n"
    "    --hash=sha256:bb\n"
    "# a comment \\\n"
    "-r sub/common.txt  # more\n"
    "--extra-index-url https://user:secret@index.test/simple\n"
    "--requirement=sub/common.txt\n"
    "-c constraints.txt\n"
    "foo[bar]>=1#not-a-comment==1\n".replace("#not-a-comment==1", "")
    + "undefined; extra === 'x'\nunnamed; 'a' == 'b'\n"
    + 'six; python_version >= "3"\n'
    'nothing; extra == "x"\n'
    "numpy==${NUMPY}\n"
    "-e .\n"
    "./local-1.0.tar.gz\n"
    "https://files.test/direct-1.0-py3-none-any.whl\n"
    "named @ https://files.test/named-1.0.zip\n",
    "sub/common.txt": "pillow\n-r ../r.txt\n-r deeper/more.txt\n",
    "sub/deeper/more.txt": "more~=1.0\r\n",
    "constraints.txt": "foo==1.5\nsix<2\nunused==1\n-r sub/deeper/more.txt\n",
}


def write(folder: pathlib.Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def wanted(file: pathlib.Path) -> dict[str, str]:
    return {
        each.package: str(each.versions[0] if each.versions else each.specifier)
        for each in from_requirements_file(file)
    }


def test_a_file_is_read_as_pip_reads_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMPY", "2.3.0")
    write(tmp_path, FILES)
    assert wanted(tmp_path / "r.txt") == {
        "torch": "2.9.1",
        "foo": "1.5",
        "six": "<2",
        "undefined": "",
        "unnamed": "",
        "numpy": "2.3.0",
        "named": "",
        "pillow": "",
        "more": "~=1.0",
    }


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"r": "a\n\nnot one\n"}, "r:3: 'not one' is not a requirement, such as torch==2.10.0"),
        ({"r": "a \\\n b\n"}, "r:1: 'a  b' is not a requirement, such as torch==2.10.0"),
        ({"r": "-r s", "s": "\n}"}, "s:2: '}' is not a requirement, such as torch==2.10.0"),
        ({"r": "a==${SECRET}"}, "r:1: 'a==${SECRET}' is not a requirement, such as torch==2.10.0"),
        ({"r": "${SECRET}"}, "r:1: '${SECRET}' is not a requirement, such as torch==2.10.0"),
        ({"r": "a===x"}, "r:1: 'a===x' is not a requirement, such as torch==2.10.0"),
        ({"r": "a; ((((("}, "r:1: 'a; (((((' is not a requirement, such as torch==2.10.0"),
        ({"r": f"a; {'(' * 9_000}"}, f"r:1: 'a; {'(' * 295}… is not a requirement, such as "),
        ({"r": "\x1b[31mx"}, "r:1: '\\x1b[31mx' is not a requirement, such as torch==2.10.0"),
        ({"r": "-r gone"}, "gone cannot be read: No such file or directory"),
        ({"r": "-r ."}, ". is a directory, not a file"),
        ({"r": "-r /etc/passwd"}, "r:1: '-r /etc/passwd' includes no file of this folder"),
        ({"r": "-r ../../x"}, "r:1: '-r ../../x' includes no file of this folder"),
        ({"r": "-r\0x"}, "r:1: '-r\\x00x' includes no file of this folder"),
        ({"r": "-r " + "x" * 9_000}, "xxxxxxxx"),
        ({"r": "-rhttps://x.test/r"}, "r:1: '-rhttps://x.test/r' includes no file of this folder"),
        ({"r": "-c file:///x"}, "r:1: '-c file:///x' includes no file of this folder"),
        ({"r": "".join(f"a{n}\n" for n in range(20_001))}, "r has more than 20,000 requirements"),
    ],
)
def test_a_bad_file_is_one_error(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    message: str,
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    monkeypatch.chdir(tmp_path)
    write(tmp_path, files)
    with pytest.raises(InputError) as caught:
        wanted(pathlib.Path("r"))
    assert str(caught.value).startswith(message)
    assert "hunter2" not in str(caught.value)


def test_a_link_out_of_the_folder_is_not_followed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"secret": "hunter2 x", "tree/r": "-r link"})
    (tmp_path / "tree" / "link").symlink_to("../secret")
    monkeypatch.chdir(tmp_path / "tree")
    with pytest.raises(InputError) as caught:
        wanted(pathlib.Path("r"))
    assert str(caught.value) == "r:1: '-r link' includes no file of this folder"


def test_a_file_that_includes_itself_by_many_names_is_read_once(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"r": "a\n-r loop/r\n-r ./r\n-r loop/loop/r\n"})
    (tmp_path / "loop").symlink_to(".")
    assert [each.text for each in requirement_lines(tmp_path / "r")] == ["a"]


def test_a_file_beside_the_current_folder_can_include_what_is_below_the_current_one(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"here/ci/r": "-r ../common", "here/common": "a"})
    monkeypatch.chdir(tmp_path / "here")
    assert wanted(pathlib.Path("ci/r")) == {"a": ""}


def test_an_endless_line_takes_no_time(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"r": "a" + " " * 1_000_000 + "\n" + "b \\\n" * 200_000})
    with pytest.raises(InputError):
        wanted(tmp_path / "r")
    write(tmp_path, {"r": "-r s " * 20_000})  # 10 s if the rest of the line is kept for each
    with pytest.raises(InputError):
        wanted(tmp_path / "r")


# Quotes and backslashes within options are left out: shlex can make an option of them.
_PARTS = (
    *("a", "B.c>=1", "d[e]==1.0", "f ; python_version<'3'", "g@https://h.test/i", "  ", "\t"),
    *("#", "x#", "# x", "${A}", "${B_1}", "${a}", "$A", "\x0b", "\u2028", "\r\n", "\r", "\f"),
    *("-r s", "-rs", "--requirement s", "--requirement=s", "-c t", "-ct", "--constraint t"),
    *("-r 's'", "-e .", "-e git+https://x.test/y#egg=z", "--editable=./a", "-i https://x.test"),
    *("--hash=sha256:aa", "--no-index", "--pre", "--find-links ./a", "./a.whl", "https://x.test/a"),
)
LINE = st.tuples(
    st.sampled_from(["", " ", "# "]),
    st.lists(st.sampled_from(_PARTS), max_size=4).map(" ".join),
    st.sampled_from(["", "", "", "\\", " \\", " \\\\", "  "]),
)
LINES = st.lists(LINE.map("".join), max_size=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("requirements")
    write(path, {"s": "of-s\n", "t": "of-t==1\n-r u\n", "u": "of-u\n"})
    return path


@given(lines=LINES)
def test_pip_reads_the_same_lines(folder: pathlib.Path, lines: Sequence[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A", "from-a")
        patch.setenv("B_1", "b")
        write(folder, {"r": "\n".join(lines)})
        theirs = _by_pip(folder / "r")
    if theirs is not None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("A", "from-a")
            patch.setenv("B_1", "b")
            ours = {(each.text, each.is_constraint) for each in requirement_lines(folder / "r")}
        assert ours == theirs


def _by_pip(file: pathlib.Path) -> set[tuple[str, bool]] | None:
    session: Any = None  # only for URLs
    try:
        found = [*parse_requirements(str(file), session)]
    except (InstallationError, AttributeError):
        return None
    return {(each.requirement.strip(), each.constraint) for each in found}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"": [["toplevel", "a", "1.0", "a"]], "a==1.0": []},
            "g has the format of an older fromager: "
            "convert it with fromager graph migrate-graph -o NEW g",
        ),
        ({}, f"{'g'} is neither fromager's graph.json nor its build-order.json: it has no ''"),
        ([1], "g is neither fromager's graph.json nor its build-order.json ("),
        (1, "g is neither fromager's graph.json nor its build-order.json ("),
        ([{"dist": "a", "version": 1}], "g is neither fromager's graph.json nor its build-order"),
        (
            [{"dist": "a b", "version": "1"}],
            "g is neither fromager's graph.json nor its build-order",
        ),
        ([{"dist": "a"}], "g is neither fromager's graph.json nor its build-order.json: it has no"),
        ([{"dist": "a", "version": "\x1b[1m"}], "g is neither fromager's graph.json nor its "),
        ({"": {"edges": [{"key": "a"}]}}, "g is neither fromager's graph.json nor its build-order"),
    ],
)
def test_a_bad_graph_is_one_error(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, content: object, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("g").write_text(json.dumps(content))
    with pytest.raises(InputError) as caught:
        from_build_file(pathlib.Path("g"))
    assert str(caught.value).startswith(message)
    assert str(caught.value).isprintable()
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"a":' * 100_000, "\xff", "", "NaN", "1" * 9_000]
)
def test_a_graph_that_is_no_json_is_one_error(tmp_path: pathlib.Path, content: str) -> None:
    path = tmp_path / "g"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match=r"is neither fromager's graph\.json"):
        from_build_file(path)
