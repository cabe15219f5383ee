"""Reports for people: plain in a pipe, folded and in colour in a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from fromager_build_tags.report.table import Table, plain_text, print_report

TABLE = Table(
    heading=("WHEEL", "WHY"),
    rows=[("torch-2.10.0-4_el9.6_cuda13.0", "[red]"), ("demo_cpu-1.0-2_el9.6_torch2.9", "")],
)
PLAIN = (
    "WHEEL                          WHY\n"
    "torch-2.10.0-4_el9.6_cuda13.0  [red]\n"
    "demo_cpu-1.0-2_el9.6_torch2.9\n"
)
FINDINGS = ["a: error BT104: x\n", "b: warning BT1: x\n", "note BT1: x\n", "suppressed BT1: x\n"]


class Terminal(io.StringIO):
    """A stdout that is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(
    monkeypatch: pytest.MonkeyPatch, stdout: io.StringIO, parts: list[str | Table]
) -> list[str]:
    monkeypatch.setattr(sys, "stdout", stdout)
    print_report(parts)
    return [line.rstrip() for line in stdout.getvalue().splitlines()]


def test_a_pipe_gets_aligned_columns() -> None:
    assert plain_text(["title\n", TABLE, "end\n"]) == f"title\n{PLAIN}end\n"
    assert plain_text("{}\n") == "{}\n"


def test_a_terminal_folds_tables_and_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    line = "settings/packages/torch.yaml:3"
    assert printed(monkeypatch, Terminal(), [f"{line}\n", TABLE]) == [
        line,
        "WHEEL              WHY",
        "torch-2.10.0-4_el  [red]",
        "9.6_cuda13.0",
        "demo_cpu-1.0-2_el",
        "9.6_torch2.9",
    ]


def test_segments_and_severities_have_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log in colour is not a terminal: no cell is folded."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    text = "\n".join(printed(monkeypatch, io.StringIO(), [TABLE, *FINDINGS]))
    assert "torch-2.10.0-4_\x1b[32mel9.6\x1b[0m_\x1b[35mcuda13.0\x1b[0m" in text
    assert "demo_cpu-1.0-2_\x1b[32mel9.6\x1b[0m_\x1b[33mtorch2.9\x1b[0m" in text
    assert "a: \x1b[1;31merror BT104\x1b[0m: x\nb: \x1b[33mwarning BT1\x1b[0m: x\n" in text
    assert "\x1b[36mnote BT1\x1b[0m: x\n\x1b[2msuppressed BT1\x1b[0m: x" in text


def test_a_long_table_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    table = Table(heading=TABLE.heading, rows=[*TABLE.rows] * 600)
    stdout = io.StringIO()
    printed(monkeypatch, stdout, [table])
    assert stdout.getvalue() == str(table)
