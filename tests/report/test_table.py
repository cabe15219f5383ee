"""Reports for people in a pipe or a file: plain, aligned, one row a line."""

from __future__ import annotations

from fromager_build_tags.report.table import Content, Table, plain_text

TABLE = Table(
    heading=("WHEEL", "WHY"),
    rows=[("torch-2.10.0-4_el9.6_cuda13.0", "[red]"), ("demo_cpu-1.0-2_el9.6_torch2.9", "")],
    below=1,
)
PLAIN = (
    "WHEEL                          WHY\n"
    "torch-2.10.0-4_el9.6_cuda13.0  [red]\n"
    "demo_cpu-1.0-2_el9.6_torch2.9\n"
)


def test_a_pipe_gets_aligned_columns() -> None:
    assert plain_text(["title\n", TABLE, "end\n"]) == f"title\n{PLAIN}end\n"
    assert plain_text("{}\n") == "{}\n"


def test_control_characters_are_spelled_out() -> None:
    table = Table(heading=("A",), rows=[("\x1b[31m",)])
    content = Content(lines=["-\x1b[31m\n", "::error::x"], is_diff=True)
    assert plain_text(["\x1b[0m", table, content]) == (
        "\\x1b[0m\nA\n\\x1b[31m\n-\\x1b[31m\n\\x3a:error::x\n"
    )
