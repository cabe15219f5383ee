"""The key of a stack: its text parses back to the same key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.stack.key import StackKey, matching, short_name
from fromager_build_tags.tag.segment import Order

_DISTROS = st.sampled_from(["", "el9.6", "arch", "acme1", "cuda13.0"])
_ACCELERATORS = st.sampled_from(["", "cpu", "cuda13.0", "tpu", "gaudi1.18", "acme1.0", "el9"])
_TORCHES = st.sampled_from(["", "torch2.9.1", "torch2.10", "torch2.11.0.dev1"])
KEYS = st.builds(StackKey, distro=_DISTROS, accelerator=_ACCELERATORS, torch=_TORCHES)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (
            "el9.6 rocm7.1 torch2.9.1",
            StackKey(distro="el9.6", accelerator="rocm7.1", torch="torch2.9.1"),
        ),
        ("el9.6 cpu", StackKey(distro="el9.6", accelerator="cpu")),
        ("el9.6 torch2.9.1", StackKey(distro="el9.6", torch="torch2.9.1")),
        ("el9.6", StackKey(distro="el9.6")),
        ("acme1", StackKey(distro="acme1")),
        ("el9.6 acme1.22", StackKey(distro="el9.6", accelerator="acme1.22")),
        ("cuda13.0 torch2.9.1", StackKey(accelerator="cuda13.0", torch="torch2.9.1")),
        ("gaudi1.18", StackKey(accelerator="gaudi1.18")),
        ("tpu", StackKey(accelerator="tpu")),
        ("torch2.9.1", StackKey(torch="torch2.9.1")),
        ("(nothing is known)", StackKey()),
        # an accelerator that the vocabulary does not have
        ("? acme1.22 ?", StackKey(accelerator="acme1.22")),
        ("? acme1.22 torch2.9.1", StackKey(accelerator="acme1.22", torch="torch2.9.1")),
    ],
)
def test_the_text_of_a_key(text: str, key: StackKey) -> None:
    assert StackKey.parse(text) == key
    assert str(key) == text


@given(KEYS)
def test_a_key_that_is_printed_is_read_back(key: StackKey) -> None:
    assert StackKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["a b c", "a b c torch2.9.1", "? a", "? a b c"])
def test_an_invalid_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a stack, such as 'el9\.6 rocm7\.1 torch2"):
        StackKey.parse(text)


def test_the_facts_of_a_key() -> None:
    key = StackKey(accelerator="gaudi1.18", torch="torch2.9.1")
    assert key.accelerator_word == "gaudi"
    assert StackKey().accelerator_word == ""
    assert key.by_order == {Order.ACCELERATOR: "gaudi1.18", Order.TORCH: "torch2.9.1"}


@given(st.lists(KEYS.filter(lambda key: key.by_order), unique=True, min_size=1, max_size=6))
def test_the_short_name_of_a_stack_names_it(keys: list[StackKey]) -> None:
    for key in keys:
        name = short_name(key, keys)
        found = matching(name, keys)
        assert key in found
        # no text can name a stack alone if another one has all of its segments, and more
        assert found == [key] or all(
            {*key.by_order.values()} <= {*o.by_order.values()} for o in found
        )
        assert matching(name.replace("_", " "), keys) == found


@pytest.mark.parametrize(
    ("others", "name"),
    [
        ([], "cuda13.0"),
        (["el9.6 cuda12.9 torch2.9.1"], "cuda13.0"),
        (["el9.6 cuda13.0 torch2.10.0"], "torch2.9.1"),
        (["fc43 cuda13.0 torch2.9.1"], "el9.6"),
        (["fc43 cuda13.0 torch2.9.1", "el9.6 cuda12.9 torch2.9.1"], "el9.6_cuda13.0"),
        (["el9.6 cuda13.0 torch2.10.0", "el9.6 cuda12.9 torch2.9.1"], "cuda13.0_torch2.9.1"),
    ],
)
def test_the_fewest_segments_that_name_a_stack(others: list[str], name: str) -> None:
    key = StackKey.parse("el9.6 cuda13.0 torch2.9.1")
    assert short_name(key, [*map(StackKey.parse, others), key]) == name
