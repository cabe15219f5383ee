"""Which bytes are held, and which are missing."""

from __future__ import annotations

import random

import pytest

from fromager_build_tags.wheel.spans import Spans


@pytest.mark.parametrize(
    ("held", "wanted", "missing"),
    [
        ([], (0, 10), [(0, 10)]),
        ([(0, 10)], (0, 10), []),
        ([(2, 4)], (0, 10), [(0, 2), (4, 10)]),
        ([(2, 4), (4, 6)], (0, 10), [(0, 2), (6, 10)]),
        ([(4, 6), (2, 4)], (3, 10), [(6, 10)]),
        ([(0, 2), (4, 6), (2, 4)], (0, 7), [(6, 7)]),
        ([(8, 12)], (0, 10), [(0, 8)]),
        ([(0, 3)], (5, 6), [(5, 6)]),
        ([], (5, 5), []),
    ],
)
def test_what_is_missing(
    held: list[tuple[int, int]], wanted: tuple[int, int], missing: list[tuple[int, int]]
) -> None:
    spans = Spans()
    for part in held:
        spans.add(range(*part))
    assert [(part.start, part.stop) for part in spans.missing(range(*wanted))] == missing


def test_it_agrees_with_a_set() -> None:
    rng, spans, held = random.Random(1), Spans(), set[int]()
    for _ in range(500):
        start = rng.randrange(200)
        wanted = range(start, start + rng.randrange(20))
        parts = list(spans.missing(wanted))
        assert {at for part in parts for at in part} == set(wanted) - held
        if parts:
            spans.add(parts[0])
            held.update(parts[0])
        assert spans.held_from(start) == next(at for at in range(start, 1000) if at not in held)
