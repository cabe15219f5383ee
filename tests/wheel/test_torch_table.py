"""The table of what builds of Torch export."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from evidence import torch_releases
from fromager_build_tags.errors import InputError
from fromager_build_tags.wheel.libraries import Accelerator
from fromager_build_tags.wheel.torch.torch_exports import TorchBuild
from fromager_build_tags.wheel.torch.torch_table import TorchTable, digest, shipped_table

from .torch_samples import build, table

SYMBOLS = st.from_regex(r"(_ZN(3c10|2at)|aoti_torch_|torch_)[\w.=\\é]{0,9}", fullmatch=True)
BUILDS = st.builds(
    TorchBuild,
    version=st.sampled_from([*map(Version, ("2.9.0", "2.9.1+cu130", "2.10.0", "2.10.0+cpu"))]),
    machine=st.sampled_from(["x86_64", "aarch64"]),
    accelerator=st.sampled_from([None, *Accelerator]),
    exports=st.frozensets(SYMBOLS, max_size=8),
)
DIFFERENT = st.lists(BUILDS, max_size=5, unique_by=lambda each: each.release.key)


@given(DIFFERENT)
@settings(deadline=None)
def test_a_table_survives_its_file(builds: list[TorchBuild]) -> None:
    made = TorchTable.of(builds)
    data = made.dump()

    assert TorchTable.parse(data) == made
    assert TorchTable.parse(data).dump() == data
    assert replace(made, masks=dict(list(made.masks.items())[::-1])).dump() == data


@given(DIFFERENT, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_a_table_has_one_order_and_gives_its_parts_again(
    builds: list[TorchBuild], random: Random
) -> None:
    made = TorchTable.of(builds)
    random.shuffle(builds)

    assert TorchTable.of(builds) == made
    assert TorchTable.join(made.parts()) == made
    assert {release.key: set(part) for release, part in made.parts()} == {
        each.release.key: set(map(digest, each.exports)) for each in builds
    }


def test_versions_are_sorted_as_numbers() -> None:
    made = table({"2.10.0": {"torch_a"}, "2.9.0": {"torch_a", "torch_b"}})

    assert [str(each.version) for each in made.releases] == ["2.9.0", "2.10.0"]
    assert [made.exporting(symbol) for symbol in ("torch_a", "torch_b", "torch_c")] == [3, 1, 0]


def test_a_table_of_given_builds_names_where_they_come_from() -> None:
    made = TorchTable.of([build("2.9.0", "torch_a", source=name) for name in ("b", "a", "b")])

    assert made.source == "b, a"
    assert not made.is_shipped


HEAD = {
    "format": 1,
    "sha256": "405f0aef07dcba9ab37cd8c22e85f24b5c8f1d716767584f5daceaaf09262507",
    "builds": [["2.9.0", "x86_64", "cuda"]],
    "groups": [["1", 1]],
}
BODY = bytes.fromhex("74d8072f5ce00f0b")


def packed(body: bytes = BODY, **changes: object) -> bytes:
    return json.dumps({**HEAD, **changes}).encode() + b"\n" + body


def test_the_format() -> None:
    """Fix it: an older version reads what a newer one wrote, or says that it cannot."""
    assert TorchTable.parse(packed()) == table({"2.9.0": {"torch_a"}})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"torch",
        b"\xff" + packed(),
        packed()[:-1],
        packed() + b"\0",
        packed(BODY[::-1]),
        b"[]",
        b"{}",
        b'{"format": 1}',
        packed(sha256=None),
        packed(builds=[["2.9.0", "x86_64"]]),
        packed(builds=[["2.9.0", "x86_64", "abacus"]]),
        packed(builds=[["no version", "x86_64", None]]),
        packed(builds=[[2, "x86_64", None]]),
        packed(builds=1),
        packed(groups=[["mask", 1]]),
        packed(groups=[[1, 1]]),
        packed(groups=[["1", 2]]),
        packed(groups=[["1", -1]]),
        packed(groups=[["1", "1"]]),
        packed(groups=[["1"]]),
    ],
)
def test_a_damaged_table(data: bytes) -> None:
    with pytest.raises(InputError) as error:
        TorchTable.parse(data)

    assert str(error.value).startswith("the table of Torch's symbols is damaged (")
    assert str(error.value).endswith("): install fromager-build-tags again")


def test_a_table_of_a_newer_format() -> None:
    with pytest.raises(InputError) as error:
        TorchTable.parse(packed(format=2))

    assert str(error.value) == (
        "the table of Torch's symbols has format 2, and this version reads 1: install "
        "fromager-build-tags again"
    )


def releases_with(symbol: str, machine: str = "x86_64") -> tuple[str, ...]:
    shipped = shipped_table()
    found = (
        str(release.version)
        for bit, release in shipped.bits()
        if release.machine == machine and shipped.exporting(symbol) & bit
    )
    return tuple(dict.fromkeys(found))


RELEASES = list(torch_releases.load().releases)


def test_the_shipped_table_has_the_releases_that_are_listed() -> None:
    plan = torch_releases.load()
    listed = [(each, machine) for each in plan.releases for machine in sorted(plan.platforms)]

    assert [
        (str(each.version), each.machine)
        for each in shipped_table().releases
        if each.accelerator is None
    ] == listed


@pytest.mark.parametrize(
    ("symbol", "first", "last"),
    [
        ("_ZN3c105ErrorC2ENS_14SourceLocationESs", "2.4.0", "2.6.0"),
        ("_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
         "2.7.0", "2.15.0"),
        ("torch_exception_get_what", "2.13.0", "2.15.0"),
        ("torch_call_dispatcher", "2.10.0", "2.15.0"),
        ("aoti_torch_get_dim", "2.4.0", "2.15.0"),
        ("_ZN3c104cuda20getCurrentCUDAStreamEa", "2.4.0", "2.15.0"),
    ],
)  # fmt: skip
def test_the_shipped_table_has_known_facts(symbol: str, first: str, last: str) -> None:
    expected = RELEASES[RELEASES.index(first) : RELEASES.index(last) + 1]

    assert releases_with(symbol) == tuple(expected)


def test_the_registrys_torch_for_aarch64_is_for_cuda_from_2_11_on() -> None:
    for_cuda = [
        str(each.version)
        for each in shipped_table().releases
        if (each.machine, each.accelerator) == ("aarch64", Accelerator.CUDA)
    ]

    assert for_cuda == RELEASES[RELEASES.index("2.11.0") :]
    assert releases_with("_ZN3c104cuda20getCurrentCUDAStreamEa", "aarch64")[0] == "2.11.0"


def test_what_builds_for_every_accelerator_have_is_in_the_shipped_table() -> None:
    """A symbol of libc10_cuda is in none of these builds, and one of libc10 in each."""
    shipped = shipped_table()
    common = sum(bit for bit, release in shipped.bits() if release.accelerator is None)

    assert not shipped.exporting("_ZN3c104cuda20getCurrentCUDAStreamEa") & common
    assert shipped.exporting("aoti_torch_get_dim") & common == common
