"""What the symbols of published wheels say agrees with what the dynamic linker did."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence import catalogue, loads
from evidence.fetch import fetched
from evidence.loads import LinkerRecord, Prediction, disagreements, render
from evidence.rows import load_rows

RECORDS = loads.records()
PREDICTIONS = load_rows(loads.RESULTS, Prediction)
PAGE = Path(__file__).parent.parent / "docs" / "loads.md"
FOUND = Prediction(
    wheel="demo==1.0",
    text="loads with Torch 2.10.0",
    minimum="2.10.0",
    missing={"2.9.1": 3, "2.10.0": 0},
)


@pytest.mark.parametrize("wheel", RECORDS)
def test_the_symbols_agree_with_the_dynamic_linker(wheel: str) -> None:
    assert list(disagreements(RECORDS[wheel], PREDICTIONS[wheel])) == []


def test_there_are_enough_pairs_of_both_kinds() -> None:
    stable = [wheel for wheel, each in RECORDS.items() if each.minimum]
    unstable = [wheel for wheel in RECORDS if wheel not in stable]

    assert len(RECORDS) >= 40
    assert len(stable) >= 15
    for wheels in (stable, unstable):
        assert sum(len(RECORDS[each].loads) for each in wheels) >= 15
        assert sum(len(RECORDS[each].refused) for each in wheels) >= 15


def test_the_page_lists_what_was_compared_and_nothing_else() -> None:
    assert PREDICTIONS.keys() == RECORDS.keys()
    text = PAGE.read_text(encoding="utf-8")
    assert text == render(RECORDS, PREDICTIONS), "run: python -m evidence loads"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (LinkerRecord(loads=("2.9.1",)), "loads with 2.9.1, which lacks 3 symbols"),
        (LinkerRecord(refused=("2.10.0",)), "does not load with 2.10.0, which lacks no symbol"),
        (LinkerRecord(built_for="2.9.1"), "is built for 2.9.1, which lacks 3 symbols"),
        (LinkerRecord(minimum="2.9.0"), "has the minimum 2.9.0, not 2.10.0"),
    ],
)
def test_a_contradiction_is_found_and_shown(record: LinkerRecord, message: str) -> None:
    assert list(disagreements(record, FOUND)) == [message]
    assert f"**{message}**" in render({"demo==1.0": record}, {"demo==1.0": FOUND})


def test_a_release_that_is_not_compared_contradicts_nothing() -> None:
    record = LinkerRecord(built_for="2.3.0", loads=("2.3.0",), refused=("2.16.0",))

    assert list(disagreements(record, FOUND)) == []


@pytest.mark.nightly
@pytest.mark.parametrize("wheel", ["torchvision==0.28.0", "torchvision==0.29.0"])
def test_a_wheel_read_afresh_agrees(wheel: str) -> None:
    plan = catalogue.load()
    with fetched(wheel, plan.python, plan.platforms) as path:
        assert loads.predicted(wheel, path) == PREDICTIONS[wheel]
