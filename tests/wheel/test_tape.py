"""A stream is read once, front to back; what was let pass is asked for again."""

from __future__ import annotations

import pytest

from fromager_build_tags.wheel import tape
from fromager_build_tags.wheel.tape import GapError, OutOfBoundsError, Sparse, Tape, TooMuchError

from .building import ForwardOnly

DATA = bytes(range(100))


def sparse(*wanted: range) -> Sparse:
    image = Sparse(len(DATA))
    image.fill(Tape(ForwardOnly(DATA)), [*wanted])
    return image


def test_what_was_kept_can_be_read() -> None:
    image = sparse(range(10, 20), range(50, 60))

    assert image.read(range(10, 20)) == DATA[10:20]
    assert image.read(range(52, 55)) == DATA[52:55]
    assert len(image.read(range(99, 99))) == 0


@pytest.mark.parametrize(("start", "length"), [(0, 1), (9, 2), (19, 2), (20, 1), (15, 40), (70, 1)])
def test_what_was_not_kept_is_a_gap(start: int, length: int) -> None:
    with pytest.raises(GapError) as caught:
        sparse(range(10, 20), range(50, 60)).read(range(start, start + length))
    assert caught.value.wanted == [range(start, start + length)]


@pytest.mark.parametrize(
    ("start", "length"), [(-1, 2), (95, 6), (100, 1), (1 << 64, 1), (0, 1 << 70)]
)
def test_what_the_file_does_not_have_is_out_of_bounds(start: int, length: int) -> None:
    with pytest.raises(OutOfBoundsError):
        sparse(range(100)).read(range(start, start + length))


def test_overlapping_places_are_kept_once() -> None:
    image = sparse(range(10, 30), range(20, 40), range(39, 50), range(-5, 3), range(90, 200))

    assert image.read(range(10, 50)) == DATA[10:50]
    assert image.read(range(3)) == DATA[:3]
    assert image.read(range(90, 100)) == DATA[90:]


def test_a_second_run_fills_a_gap() -> None:
    image = sparse(range(10, 20), range(25, 30))

    image.fill(Tape(ForwardOnly(DATA)), [range(15, 40)])
    assert image.read(range(15, 40)) == DATA[15:40]
    image.fill(Tape(ForwardOnly(DATA)), [range(15, 20)])  # the longer piece stays

    assert image.read(range(15, 40)) == DATA[15:40]


def test_all_that_is_missing_is_asked_for_at_once() -> None:
    image = sparse(range(10, 20))

    with pytest.raises(GapError) as caught:
        image.require(range(12, 14), range(30, 40), range(0), range(5, 15))
    assert caught.value.wanted == [range(30, 40), range(5, 15)]

    image.fill(Tape(ForwardOnly(DATA)), caught.value.wanted)
    image.require(range(12, 14), range(30, 40), range(5, 15))


def test_one_run_never_goes_back() -> None:
    reel = Tape(ForwardOnly(DATA))
    image = Sparse(len(DATA))

    image.fill(reel, [range(40, 50)])
    image.fill(reel, [range(30, 60)])

    assert reel.position == 60
    assert image.read(range(50, 60)) == DATA[50:60]
    with pytest.raises(GapError):
        image.read(range(30, 40))


def test_memory_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "KEEP_LIMIT", 50)

    sparse(range(50))
    with pytest.raises(TooMuchError, match="51 bytes of tables, where 50 are read"):
        sparse(range(51))


def test_a_stream_that_ends_early_is_out_of_bounds() -> None:
    image = Sparse(200)

    with pytest.raises(OutOfBoundsError, match="it ends at 100 of 200 bytes"):
        image.fill(Tape(ForwardOnly(DATA)), [range(90, 120)])
