"""Whatever a file contains, its parser returns or raises an error of this package.

It takes at most 5 seconds of a processor and 500 MB. ``FUZZ_CASES=100000 pytest -n0 tests/fuzz``
runs more inputs, and ``FUZZ_FIRST=5000`` begins with another one: an input depends on its number.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import re
import resource
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import NormalizedName
from packaging.version import Version

from fromager_build_tags.errors import BuildTagError
from fromager_build_tags.http.session import Page
from fromager_build_tags.index.file_name import LONGEST_NAME, sdist_version, wheel_name_or_none
from fromager_build_tags.index.pool.pool import read_pool
from fromager_build_tags.index.simple_pages import read_project, read_root
from fromager_build_tags.plan.build_graph import build_levels, read_build_graph
from fromager_build_tags.plan.lockfile import format_lock, parse_lock
from fromager_build_tags.plan.requirements import from_build_file, from_requirements_file
from fromager_build_tags.settings.environment import declare
from fromager_build_tags.settings.tree import broken_package_files
from fromager_build_tags.settings.yamledit import add
from fromager_build_tags.settings.yamlfile import read_yaml_mapping
from fromager_build_tags.stack.machine import NO_MACHINE, read_os_release
from fromager_build_tags.stack.resolve import declared_stacks, resolve
from fromager_build_tags.tag.build_tag import BuildTag
from fromager_build_tags.tag.expression import parse_expression
from fromager_build_tags.tag.filename import parse_wheel_name
from fromager_build_tags.verify.exemptions import parse_exemptions

pytestmark = pytest.mark.filterwarnings(
    "ignore::SyntaxWarning",  # of packaging, which reads strings in markers as Python does
    "ignore::pypi_simple.UnexpectedRepoVersionWarning",
)
CASES: Final = int(os.environ.get("FUZZ_CASES", "120"))
FIRST: Final = int(os.environ.get("FUZZ_FIRST", "0"))
#: One input in this many is hypothesis' own, without a valid seed.
RAW: Final = 6
#: Processor time after which a parser is taken to hang; it needs less than one.
SECONDS: Final = 60
BYTES: Final = 500_000_000

type Parser = Callable[[bytes, pathlib.Path], object]


def _file(content: bytes, folder: pathlib.Path, name: str = "file") -> pathlib.Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _variant_file(content: bytes, folder: pathlib.Path) -> None:
    _file(content, folder, "cuda13.0-x.yaml")
    declaration = declare("cuda13.0-x", folder)
    with contextlib.suppress(BuildTagError):
        assert all(str(stack) for stack in declared_stacks(declaration))
    assert resolve(declaration, NO_MACHINE).key.distro is not None


def _lock(content: bytes, _: pathlib.Path) -> None:
    lock = parse_lock(content.decode("utf-8", "replace"), "file")
    assert parse_lock(format_lock(lock), "file") == parse_lock(format_lock(lock), "file")


def _expression(content: bytes, _: pathlib.Path) -> None:
    expression = parse_expression(content.decode("utf-8", "replace"))
    assert sorted(expression.boundaries()) is not None
    expression.of(Version("1.0"), _Cuda)


class _Cuda:
    def accelerator_word(self) -> str:
        return "cuda"

    def has_torch(self, release: Version, /) -> bool:
        return release < Version("2.9")


def _wheel_name(content: bytes, _: pathlib.Path) -> None:
    text = content.decode("utf-8", "surrogateescape")
    sdist_version(text, NormalizedName("foo"))
    with contextlib.suppress(BuildTagError):
        tag = BuildTag.parse(text)
        assert (tag.by_order, tag.segments, str(tag)) is not None
    quick = wheel_name_or_none(text)
    name = parse_wheel_name(text)
    assert quick == name or len(text) > LONGEST_NAME
    assert (name.segments, name.build_tag.by_order, name.is_platlib) is not None


def _page(kind: str) -> Parser:
    def parse(content: bytes, _: pathlib.Path) -> None:
        page = Page(url="https://index.test/simple/", content_type=kind, body=content)
        with contextlib.suppress(BuildTagError):
            read_root(page)
        read_project(NormalizedName("foo"), page)

    return parse


def _package_file(content: bytes, folder: pathlib.Path) -> None:
    path = _file(content, folder, "foo.yaml")
    broken_package_files(folder)
    with contextlib.suppress(BuildTagError):
        add(content.decode("utf-8", "replace"), ("annotations", "build-tags.depends-on"), "torch")
    annotations = read_yaml_mapping(path).data.get("annotations")
    for value in annotations.values() if isinstance(annotations, Mapping) else ():
        with contextlib.suppress(BuildTagError):
            parse_exemptions(str(value), "foo")
        parse_expression(str(value))


def _graph(content: bytes, folder: pathlib.Path) -> None:
    file = _file(content, folder)
    for parse in (from_build_file, lambda each: build_levels([read_build_graph(each)])):
        with contextlib.suppress(BuildTagError):
            parse(file)


def _pool(content: bytes, folder: pathlib.Path) -> None:
    (folder / "files").mkdir(exist_ok=True)
    _file(b"", folder / "files", WHEEL)
    _file(content, folder, "pool.json")
    "".join(read_pool(folder).lines()).encode()


WHEEL: Final = "foo-1.0-1_el9.6_cuda13.0-cp312-cp312-linux_x86_64.whl"
PARSERS: Final[Mapping[str, tuple[Parser, Sequence[bytes]]]] = {
    "variant file": (
        _variant_file,
        [
            b'distro: el9.6\nrocm_version: "7.1"\ntorch_version: "2.10.0"\n',
            b'stacks:\n  - {distro: el9.8, cuda_version: "13.0"}\n  - {cuda_version: "12.9"}\n',
            b"gpu_archs: [gfx942, 'gfx90a:xnack-']\nrocm_version: '7.1'\n",
            b"accelerator: gaudi\naccelerator_version: 1.22.0\ntorch_precision: minor\nindex: a\n",
        ],
    ),
    "os-release": (
        lambda content, folder: read_os_release([_file(content, folder)]),
        [
            b'NAME="Red Hat"\nID="rhel"\nVERSION_ID="9.6"\nPLATFORM_ID="platform:el9"\n',
            b"ID=rhcos\nVERSION_ID='4.13'\nRHEL_VERSION=9.2\nPLATFORM_ID=platform:el9\n# x\n",
        ],
    ),
    "lock": (
        _lock,
        [
            b"# build-tags.lock, format 1.1: the build tags that these settings give.\n"
            b"# Made by `fromager-build-tags lock`: change the settings, not this file.\n"
            b"# Hook: fromager_build_tags.hooks:build_tag_hook\n\n"
            b"cpu: el9.6 cpu torch2.10.0\n  * * 2_?\n  foo <=0.29,!=0.29 2_el9.6\n"
            b"  foo 1.0 -\n\nrocm: el9.6 rocm7.1\n  * * 8_el9.6_rocm7.1\n",
        ],
    ),
    "expression": (
        _expression,
        [
            b"accelerator torch if version < 0.25 and accelerator != cuda else none",
            b"torch if torch >= 2.9 else accelerator if version ~= 1.0, != 1.2.* else none",
        ],
    ),
    "wheel name": (
        _wheel_name,
        [
            b"flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0-cp312-cp312-linux_x86_64.whl",
            b"a_b-1.0-8_el9.6_cuda13.0-cp312-cp312-linux_x86_64-cuda13.0.whl",
            b"a_b-1!2.0rc1.post2+cu130-1-cp39.cp310-abi3-manylinux_2_28_x86_64.musllinux_1_2_i686.whl",
            b"foo-1.0.tar.gz",
            b"8_el9.6_rocm7.1_torch2.10.0",
            b"a-1-8_el9.6_cuda13.0-py2.py3-none-linux_x86_64-cuda13.0.whl",
        ],
    ),
    "page in HTML": (
        _page("text/html"),
        [
            b'<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0">'
            b'</head><body><a href="foo-1.0-py3-none-any.whl#sha256=00ff" data-yanked="x" '
            b'data-requires-python="&gt;=3.8" data-dist-info-metadata="true">foo</a></body></html>',
            b'<html><body><base href="/x/"><a href="foo/">foo</a><a href="b%20r/">x</a></body>'
            b"</html>",
        ],
    ),
    "page in JSON": (
        _page("application/vnd.pypi.simple.v1+json"),
        [
            b'{"meta": {"api-version": "1.1"}, "name": "foo", "versions": ["1.0"], "files": '
            b'[{"filename": "foo-1.0-py3-none-any.whl", "url": "https://f.test/foo.whl", "hashes": '
            b'{"sha256": "00"}, "size": 10, "yanked": false, "requires-python": ">=3.8", '
            b'"upload-time": "2026-01-01T00:00:00Z", "core-metadata": {"sha256": "00"}}]}',
            b'{"meta": {"api-version": "1.0"}, "projects": [{"name": "foo"}, {"name": "b.r"}]}',
        ],
    ),
    "list of a pool": (
        _pool,
        [
            b'{"format_version": "1.0", "wheels": [\n{"filename": "%s", "sha256": "%s", "size": 9, '
            b'"views": ["cpu", "a-b"], "requires_python": ">=3.9", "metadata": "%s", "shared": '
            b'true, "labelled": {"sha256": "%s", "size": 12}}\n]}\n'
            % (WHEEL.encode(), *[b"0" * 64] * 3),
        ],
    ),
    "requirements": (
        lambda content, folder: from_requirements_file(_file(content, folder)),
        [
            b'torch==2.9.1+cu130 ; python_version >= "3.9" \\\n  --hash=sha256:aa\n-r file # x\n',
            b"foo[bar,baz]~=1.0,!=1.2.*\n--extra-index-url https://i.test\n-e git+https://a/b#egg=c\n"
            b"-c constraints.txt\nname @ https://f.test/n-1.0.zip ; extra == 'x' or os_name=='a'\n",
        ],
    ),
    "graph": (
        _graph,
        [
            b'{"": {"download_url": "", "pre_built": false, "version": "0",'
            b' "canonicalized_name": "", "edges": [{"key": "foo==1.0", "req_type": "toplevel",'
            b' "req": "foo>=1"}]},'
            b' "foo==1.0": {"download_url": "", "pre_built": true, "version": "1.0",'
            b' "canonicalized_name": "foo", "constraint": "foo<2", "edges": []}}',
            b'[{"type": "toplevel", "req": "foo", "dist": "foo", "version": "1.0"}]',
            b'{"": [["toplevel", "foo", "1.0", "foo"]], "foo==1.0": []}',
        ],
    ),
    "package file": (
        _package_file,
        [
            b"annotations:\n  build-tags.depends-on: accelerator torch if version < 2 else none\n"
            b'  build-tags.verify: "accelerator: at first use"\nchangelog:\n  "1.0":\n    - first\n'
            b"variants:\n  cpu:\n    pre_built: true\n    annotations:\n"
            b"      build-tags.depends-on: none\n",
            b"env: {A: b}\nchangelog:\n  '1.0': &first [a]\n  '2.0': *first\n",
        ],
    ),
}
WORDS: Final = [
    *(b"0", b"-1", b"9" * 20, b"1e999", b"1.0", b"1!2", b"NaN", b"null", b"true", b"*", b"?"),
    *(b"\0", b"\x1b[31m", b"\r", b"\n", b"\t", b"\x0b", b" ", b"\xff", b"\xc3", b"\xe2\x80\xae"),
    *(b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\xc2\xb2"),
    *(b"#", b"##", b"'", b'"', b"\\", b"/", b"..", b"://", b"%", b"%00", b"&#0;", b"&#x110000;"),
    *(b"!!timestamp x", b'!!float ""', b'!!int "0x"', b"!!int 1:99:1", b"!!binary a", b"!!set {a}"),
    *(b"&a", b"*a", b"&a [*a]", b"<<: *a", b"? [a]\n: b\n", b"!!python/object:os.system", b"---\n"),
    *(b"${A}", b"-r ", b"-e ", b"@", b";", b"~=", b"===", b"!=", b".*", b" if ", b" else "),
    *(b"torch", b"accelerator", b"version", b"none", b"stacks", b"edges", b"files", b"distro"),
]
HUGE: Final = [
    each * 3_000 for each in (b"9", b"[", b"{", b"(", b"<a ", b"- ", b'{"a":', b"a.", b"x\n", b" ")
]
#: The share of edits that make an input large: such an input takes a hundred times as long.
_HUGE: Final = 0.02
TOKENS: Final = re.compile(rb"\w+|[^\w\s]|\s+", re.DOTALL)


def mutated(seeds: Sequence[bytes], number: int) -> bytes:
    """Return a valid seed after a few edits of its tokens."""
    rng = random.Random(number)
    tokens = TOKENS.findall(rng.choice(seeds))
    for _ in range(rng.choice([1, 1, 2, 3, 6])):
        at = rng.randrange(len(tokens) + 1)
        end = at + rng.choice([0, 1, 1, 2, 5])
        match rng.randrange(7):
            case 0:
                tokens[at:end] = []
            case 1:
                tokens[at:end] = [rng.choice(HUGE if rng.random() < _HUGE else WORDS)]
            case 2:
                other = TOKENS.findall(rng.choice(seeds))
                start = rng.randrange(len(other))
                tokens[at:end] = other[start : start + rng.randrange(1, 20)]
            case 3:
                times = rng.choice([1_000, 20_000]) if rng.random() < _HUGE else rng.choice([2, 9])
                tokens[at:end] = tokens[at:end] * times
            case 4:
                tokens[at:end] = [bytes([rng.randrange(256)])]
            case 5:
                rng.shuffle(part := tokens[at : end + 3])
                tokens[at : end + 3] = part
            case _:
                del tokens[at:]
    return b"".join(tokens)


class TooSlowError(BaseException):
    """A parser takes more than the limit; no ``except Exception`` of a parser catches it."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process have no more memory than the limit beside what it has."""
    monkeypatch.setenv("A", "value")
    pages = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + BYTES, before[1]))
    handler = signal.signal(signal.SIGPROF, _stop)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, handler)
    resource.setrlimit(resource.RLIMIT_AS, before)


def check(parser: Parser, content: bytes, folder: pathlib.Path) -> str:
    """Return what a parser raises but an error of this package; "" for nothing."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        parser(content, folder)
    except BuildTagError as err:
        return "" if str(err) else "an error without a message"
    except TooSlowError:
        return f"more than {SECONDS} s"
    except Exception as err:  # noqa: BLE001 - whatever a parser raises
        return f"{type(err).__name__}: {str(err)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


@pytest.mark.parametrize("name", PARSERS)
def test_an_edited_file_is_read_or_one_error(name: str, tmp_path: pathlib.Path) -> None:
    parser, seeds = PARSERS[name]
    for seed in seeds:
        assert check(parser, seed, tmp_path) == ""
    found = {
        problem: number
        for number in range(FIRST, FIRST + CASES)
        if (problem := check(parser, mutated(seeds, number), tmp_path))
    }
    assert found == {}


@pytest.mark.parametrize("name", PARSERS)
@settings(
    max_examples=max(CASES // RAW, 1),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_one_error(name: str, tmp_path: pathlib.Path, content: bytes) -> None:
    assert check(PARSERS[name][0], content, tmp_path) == ""
