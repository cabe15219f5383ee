"""Reports in a terminal: in colour, and fitted to its width without a break inside a word."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from fromager_build_tags.report.table import Content, Part, Table
from fromager_build_tags.report.terminal import _lines, print_report

from ..growth import grows_linearly

WHEELS = Table(
    heading=("WHEEL", "WHY"),
    rows=[("torch-2.10.0-4_el9.6_cuda13.0", "[red]"), ("demo_cpu-1.0-2_el9.6_torch2.9", "")],
)
CHANGES = Table(
    heading=("PACKAGE", "BEFORE", "AFTER"),
    rows=[
        ("torch", "4_el9.6_cuda12.9", "5_el9.6_cuda13.0"),
        ("demo", "2_el9.6", "2_el9.6_torch2.9"),
        ("added", "(new)", "1_el9.6"),
    ],
    compared=(1, 2),
    below=2,
)
REASONS = Table(
    heading=("", "WHEEL", "SIZE", "REASON"),
    rows=[
        (
            "delete",
            "flash_attn-2.8.3-2_el9.6_rocm7.1_torch2.10.0-cp312-cp312-linux_x86_64.whl",
            "1.7 kB",
            "older build number, replaced by "
            "flash_attn-2.8.3-3_el9.6_rocm7.1_torch2.10.0-cp312-cp312-linux_x86_64.whl",
        ),
        ("keep", "a-1-py3-none-any.whl", "?", "kept: use --foreign"),
    ],
    below=1,
)


class Terminal(io.StringIO):
    """A stdout that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def printed(
    monkeypatch: pytest.MonkeyPatch, parts: list[Part], *, tty: bool = True, **environ: str
) -> str:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    stdout = Terminal() if tty else io.StringIO()
    monkeypatch.setattr(sys, "stdout", stdout)
    print_report(parts)
    return stdout.getvalue()


def fitted(part: Part, width: int) -> list[str]:
    return [line.plain for line in _lines(part, width)]


def test_a_cell_breaks_after_an_underscore_or_a_hyphen() -> None:
    assert fitted(WHEELS, 24) == [
        "WHEEL              WHY",
        "torch-2.10.0-4_    [red]",
        "el9.6_cuda13.0",
        "demo_cpu-1.0-2_",
        "el9.6_torch2.9",
    ]


def test_the_last_columns_move_below_the_row() -> None:
    assert fitted(REASONS, 80) == [
        "        WHEEL                                                             SIZE",
        "    REASON",
        "delete  flash_attn-2.8.3-2_el9.6_rocm7.1_torch2.10.0-cp312-cp312-linux_   1.7 kB",
        "        x86_64.whl",
        "    older build number, replaced by",
        "    flash_attn-2.8.3-3_el9.6_rocm7.1_torch2.10.0-cp312-cp312-linux_x86_64.whl",
        "keep    a-1-py3-none-any.whl                                              ?",
        "    kept: use --foreign",
    ]
    assert fitted(CHANGES, 40) == [
        "PACKAGE",
        "    BEFORE            AFTER",
        "torch",
        "    4_el9.6_cuda12.9  5_el9.6_cuda13.0",
        "demo",
        "    2_el9.6           2_el9.6_torch2.9",
        "added",
        "    (new)             1_el9.6",
    ]
    for width in range(30, 110):
        assert max(map(len, fitted(REASONS, width))) <= width
    assert fitted(REASONS, 1_000) == str(REASONS).splitlines()


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        ("one two three", 13, ["one two three"]),
        ("one two three", 12, ["one two", "  three"]),
        ("    fix: run it again", 16, ["    fix: run it", "      again"]),
        # a path or a URL can be copied
        ("settings/packages/torch.yaml:3: x", 20, ["settings/packages/torch.yaml:3:", "  x"]),
        ("see settings/packages/torch.yaml", 20, ["see", "  settings/packages/torch.yaml"]),
        ("", 5, [""]),
        ("a.whl: error BT104: why", 16, ["a.whl:", "  error BT104:", "  why"]),
        ("dist/a.whl!b/c.so: no", 15, ["dist/a.whl!", "  b/c.so: no"]),
        ("torch !=2.9!", 9, ["torch", "  !=2.9!"]),
    ],
)
def test_a_line_breaks_at_spaces(line: str, width: int, expected: list[str]) -> None:
    assert fitted(line, width) == expected


def test_the_content_of_a_file_does_not_break() -> None:
    assert fitted(Content(lines=["one two three"]), 5) == ["one two three"]


def test_segments_and_severities_have_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = ["a: error BT104: x", "b: warning BT1: x", "note BT1: x", "suppressed BT1: x"]
    verdicts = ["1 error, 12 warnings, 1 note", "All checks passed: 0 errors"]
    text = printed(monkeypatch, [WHEELS, *findings, *verdicts])
    assert "torch-2.10.0-4_\x1b[32mel9.6\x1b[0m_\x1b[35mcuda13.0\x1b[0m" in text
    assert "demo_cpu-1.0-2_\x1b[32mel9.6\x1b[0m_\x1b[36mtorch2.9\x1b[0m" in text
    assert "a: \x1b[1;31merror BT104\x1b[0m: x\nb: \x1b[1;35mwarning BT1\x1b[0m: x\n" in text
    assert "\x1b[1;36mnote BT1\x1b[0m: x\n\x1b[2msuppressed BT1\x1b[0m: x" in text
    assert "\x1b[1;31m1 error\x1b[0m, \x1b[1;35m12 warnings\x1b[0m, 1 note\n" in text
    assert "\x1b[1;32mAll checks passed\x1b[0m: 0 errors\n" in text


def test_what_changes_has_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    red, green, end = "\x1b[31m", "\x1b[1;32m", "\x1b[0m"
    _, torch, demo, added = printed(monkeypatch, [CHANGES]).splitlines()
    assert torch == (
        f"torch    {red}4{end}_el9.6_{red}cuda12.9{end}  {green}5{end}_el9.6_{green}cuda13.0{end}"
    )
    assert demo == f"demo     2_el9.6           2_el9.6_{green}torch2.9{end}"
    assert added == f"added    (new)             {green}1{end}_{green}el9.6{end}"


def test_a_difference_has_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["--- a", "+++ b", "@@ -1 +1 @@", " same 2_el9.6", "-old", "+new"]
    text = printed(monkeypatch, [Content(lines=lines, is_diff=True), Content(lines=["-a"])])
    assert text.startswith("\x1b[1m--- a\x1b[0m\n\x1b[1m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n")
    assert " same 2_el9.6\n\x1b[31m-old\x1b[0m\n\x1b[32m+new\x1b[0m\n-a\n" in text


@pytest.mark.parametrize(
    ("tty", "environ"),
    [
        (True, {"NO_COLOR": "1"}),
        (True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}),
        (False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}),
        (True, {"TERM": "dumb"}),
    ],
)
def test_no_escape_sequence(
    monkeypatch: pytest.MonkeyPatch, tty: bool, environ: dict[str, str]
) -> None:
    findings = ["a: error BT104: x", "suppressed BT1: x"]
    assert "\x1b" not in printed(monkeypatch, [WHEELS, CHANGES, *findings], tty=tty, **environ)


def test_a_log_in_colour_has_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, [REASONS, "x " * 99], tty=False, FORCE_COLOR="1", COLUMNS="20")
    assert len(text.splitlines()) == 4
    assert "\x1b[31mdelete\x1b[0m" in text


def test_colours_change_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(monkeypatch, [WHEELS], tty=False, FORCE_COLOR="1")
    assert Text.from_ansi(text).plain.rstrip("\n") == str(WHEELS).rstrip("\n")


CELLS = st.text("ab1_-/. \u4e00", max_size=40).map(str.strip)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4)


@given(rows=ROWS, width=st.integers(1, 60), below=st.integers(0, 2))
def test_nothing_is_lost(rows: list[tuple[str, str, str]], width: int, below: int) -> None:
    """A table that fits has the width of the terminal; whatever its width, no character is lost."""
    table = Table(heading=("A", "B", "C"), rows=rows, below=below)
    lines = fitted(table, width)
    count = sum(len("".join(row).replace(" ", "")) for row in rows)
    assert sum(len(line.replace(" ", "")) for line in lines) == count + 3
    pieces = max(len(piece) for row in rows for cell in row for piece in [*cell.split(), ""])
    if width >= 3 * 2 * max(pieces, 1) + 4:
        assert max(Text(line).cell_len for line in lines) <= width


def test_a_long_table_takes_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ("package", "1.0", "8_el9.6_rocm7.1_torch2.10.0", "shipped override")

    def print_rows(count: int) -> None:
        table = Table(heading=("PACKAGE", "VERSION", "TAG", "SOURCE"), rows=[row] * count)
        printed(monkeypatch, [table], COLUMNS="60")

    assert grows_linearly(print_rows, 200)
