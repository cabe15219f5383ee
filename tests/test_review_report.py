"""A review of thousands of changes, as the comment of a pull request."""

from __future__ import annotations

import re

from fromager_build_tags.causes import Cause
from fromager_build_tags.report.review import RENDERERS, markdown
from fromager_build_tags.review import Change, Review
from fromager_build_tags.rules.review import review_findings
from fromager_build_tags.rules.verdict import Verdict

CAUSE = Cause(
    what="torch_version of rocm 2.9.1 → 2.10.0",
    place="settings/variants/rocm.yaml:4",
    variant="rocm",
)


def review_of(number: int) -> Review:
    changes = [
        Change(
            variant="rocm",
            package=f"package-{each}",
            version="1.0",
            before="8_el9.6_torch2.9.1",
            after="8_el9.6_torch2.10.0",
            causes=(CAUSE,),
        )
        for each in range(number)
    ]
    return Review(base="main", head="pr", changes=changes, counted={"rocm": number})


def test_a_comment_stays_under_the_limit_and_says_what_it_left_out() -> None:
    review = review_of(5_000)
    text = RENDERERS["markdown"](review, Verdict.of(review_findings(review, {})))
    assert len(text) < 60_000
    assert text.startswith(
        f"{markdown.MARKER}\n**5,000 build tags change from main to pr; 5,000 errors**\n"
    )
    assert text.count("<details>") == text.count("</details>")
    left_out = re.search(r"\*\*([\d,]+) more lines are left out here", text)
    assert left_out is not None
    shown = sum(line.strip() != "" for line in text.splitlines())
    assert int(left_out[1].replace(",", "")) > 14_000 > shown


def test_a_short_one_leaves_nothing_out() -> None:
    review = review_of(20)
    text = RENDERERS["markdown"](review, Verdict.of(review_findings(review, {})))
    assert "left out" not in text
    assert f"<summary>{CAUSE} renames 20 wheels</summary>" in text
