"""Variants that publish to one index: the wheels of a new name stand beside those of the old."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping

import pytest
from click.testing import CliRunner

from fromager_build_tags.commands import main
from fromager_build_tags.http.urls import comparable_url

from ..conftest import Cli
from ..repositories import Checkout
from ..trees import HOOK, SETTINGS_FILE, write_tree

TORCH_FILE = "settings/packages/torch.yaml"
TORCH = 'changelog:\n  "2.9.1":\n    - first\n'

type Files = Mapping[str, str | None]


def variant(name: str) -> str:
    return f"settings/variants/{name}.yaml"


def stack(rocm: str, *, distro: str = "el9.8", index: str = "index: rocm\n") -> str:
    return f'{index}distro: {distro}\nrocm_version: "{rocm}"\ntorch_version: "2.9.1"\n'


def stacks(*keys: str, index: str = "index: rocm\n") -> str:
    items = "".join(f"  - {{distro: el9.8, rocm_version: '{key}'}}\n" for key in keys)
    return f"{index}accelerator: rocm\nstacks:\n{items}"


def changelog(**entries: int) -> str:
    """Return global settings; ``_`` in a variant's name stands for ``-``."""
    lines = (
        f"  {name.replace('_', '-')}: [{', '.join(['entry'] * number)}]\n"
        for name, number in entries.items()
    )
    return f"{HOOK}changelog:\n{''.join(lines)}"


#: A variant with three entries; its new name has one.
OLD: Files = {
    SETTINGS_FILE: changelog(rocm_ubi9=3),
    variant("rocm-ubi9"): stack("7.13"),
    TORCH_FILE: TORCH,
}
SETTINGS = changelog(rocm_new=1)
GONE: Files = {variant("rocm-ubi9"): None}


def errors(cli: Cli) -> list[str]:
    result = cli("review", "--format", "json", "--exit-zero")
    return [
        each["message"].partition(", so")[0]
        for each in json.loads(result.stdout)["findings"]
        if each["severity"] == "error"
    ]


@pytest.mark.parametrize(
    ("base", "head", "expected", "number"),
    [
        pytest.param(
            OLD,
            {SETTINGS_FILE: SETTINGS, variant("rocm-new"): stack("7.14"), **GONE},
            ["torch 2.9.1 on rocm-new: 2_el9.8_rocm7.14 sorts below 4_el9.8_rocm7.13"],
            2,
            id="renamed",
        ),
        pytest.param(
            OLD,
            {SETTINGS_FILE: SETTINGS, variant("rocm-new"): stack("7.14", distro="el10.1"), **GONE},
            ["torch 2.9.1 on rocm-new: 2_el10.1_rocm7.14 sorts below 4_el9.8_rocm7.13"],
            3,
            id="renamed with another distribution",
        ),
        pytest.param(
            {**OLD, variant("rocm-ubi9"): stack("7.13", index="index: HTTPS://X.org:443/rocm/\n")},
            {
                SETTINGS_FILE: SETTINGS,
                variant("rocm-new"): stack("7.14", index='index: "https://x.org/rocm"\n'),
                **GONE,
            },
            ["torch 2.9.1 on rocm-new: 2_el9.8_rocm7.14 sorts below 4_el9.8_rocm7.13"],
            2,
            id="another spelling of the URL",
        ),
        pytest.param(
            {**OLD, variant("rocm-ubi9"): stacks("7.13", "7.12")},
            {
                SETTINGS_FILE: changelog(rocm_a=1, rocm_b=2),
                variant("rocm-a"): stack("7.12"),
                variant("rocm-b"): stack("7.13"),
                **GONE,
            },
            [
                "torch 2.9.1 on rocm-a: 2_el9.8_rocm7.12 sorts below 4_el9.8_rocm7.12",
                "torch 2.9.1 on rocm-b: 3_el9.8_rocm7.13 sorts below 4_el9.8_rocm7.13",
            ],
            3,  # with two more it would have the name of the old wheel
            id="divided",
        ),
        pytest.param(
            {**OLD, variant("rocm-ubi9"): stacks("7.13", "7.12")},
            {
                SETTINGS_FILE: changelog(rocm_ubi9=3, rocm_b=1),
                variant("rocm-b"): stack("7.12"),
                variant("rocm-ubi9"): stacks("7.13"),
            },
            ["torch 2.9.1 on rocm-b: 2_el9.8_rocm7.12 sorts below 4_el9.8_rocm7.12"],
            3,
            id="a part moved",
        ),
        pytest.param(
            {**OLD, SETTINGS_FILE: changelog(rocm_ubi9=3, rocm=1), variant("rocm"): stack("7.12")},
            {
                SETTINGS_FILE: changelog(rocm=1),
                variant("rocm"): stacks("7.12", "7.13"),
                **GONE,
            },
            ["torch 2.9.1 on rocm: 2_el9.8_rocm7.13 sorts below 4_el9.8_rocm7.13"],
            3,
            id="merged",
        ),
        pytest.param(
            {
                **OLD,
                SETTINGS_FILE: changelog(rocm_a=1, rocm_b=5, rocm_c=2),
                variant("rocm-ubi9"): stack("7.13", index=""),
                **{variant(f"rocm-{each}"): stack("7.13") for each in "abc"},
            },
            {
                SETTINGS_FILE: SETTINGS,
                variant("rocm-new"): stack("7.13"),
                **{variant(f"rocm-{each}"): None for each in "abc"},
                **GONE,
            },
            ["torch 2.9.1 on rocm-new: 2_el9.8_rocm7.13 sorts below 6_el9.8_rocm7.13"],
            5,
            id="merged equal stacks",
        ),
        pytest.param(
            {**OLD, SETTINGS_FILE: changelog(rocm_ubi9=2), variant("rocm-ubi9"): stacks("7.9")},
            {variant("rocm-ubi9"): stacks("7.10")},
            ["torch 2.9.1 on rocm-ubi9: 3_el9.8_rocm7.10 sorts below 3_el9.8_rocm7.9"],
            1,
            id="another stack of a list",
        ),
        pytest.param(
            OLD,
            {
                SETTINGS_FILE: changelog(rocm_ubi9=2),
                TORCH_FILE: None,
                "settings/packages/Torch.yaml": TORCH,
            },
            ["torch 2.9.1 on rocm-ubi9: 3_el9.8_rocm7.13 sorts below 4_el9.8_rocm7.13"],
            2,
            id="another spelling of the package",
        ),
    ],
)
def test_wheels_of_one_index(
    cli: Cli, tmp_path: pathlib.Path, base: Files, head: Files, expected: list[str], number: int
) -> None:
    """A name that sorts below is an error, and bump adds what it needs, and no more."""
    checkout = Checkout.create(tmp_path, base)
    checkout.write(head)
    found = [each for each in errors(cli) if each.startswith("torch 2.9.1")]
    assert found == expected
    result = CliRunner().invoke(main, ["bump", "-m", "rebuilt"])  # exits with 1 for other versions
    assert result.stdout.count('+    - "rebuilt"\n') == number
    assert [each for each in errors(cli) if each.startswith("torch 2.9.1")] == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rocm-new", stack("7.14", index="")),
        ("rocm-new", stack("7.14", index="index: other\n")),
        ("rocm-new", stack("7.14", index="index: [rocm]\n")),
    ],
)
def test_wheels_of_another_index(cli: Cli, tmp_path: pathlib.Path, name: str, content: str) -> None:
    checkout = Checkout.create(tmp_path, OLD)
    checkout.write({SETTINGS_FILE: SETTINGS, variant(name): content, **GONE})
    assert [each for each in errors(cli) if "sorts below" in each] == []


def test_an_old_variant_that_stays(cli: Cli, tmp_path: pathlib.Path) -> None:
    """Entries of a package would raise its wheels, too."""
    checkout = Checkout.create(tmp_path, OLD)
    both = {SETTINGS_FILE: changelog(rocm_ubi9=3, rocm_new=1), variant("rocm-new"): stack("7.13")}
    checkout.write(both)
    report = json.loads(cli("review", "--format", "json", status=1).stdout)
    [finding] = [each for each in report["findings"] if "torch 2.9.1" in each["message"]]
    assert finding["message"].startswith(
        "torch 2.9.1 on rocm-new: 2_el9.8_rocm7.13 sorts below 4_el9.8_rocm7.13"
    )
    assert finding["remedy"].startswith("publish each stack to its own index")


def test_two_locks_of_settings(cli: Cli, tmp_path: pathlib.Path) -> None:
    """The variant files name the index where locks replace the evaluation."""
    checkout = Checkout.create(tmp_path, OLD)
    cli("lock")
    checkout.commit({})
    checkout.write({SETTINGS_FILE: SETTINGS, variant("rocm-new"): stack("7.14"), **GONE})
    cli("lock")
    assert "torch 2.9.1 on rocm-new: 2_el9.8_rocm7.14 sorts below 4_el9.8_rocm7.13" in errors(cli)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("rocm", "rocm/", True),
        ("rocm", "ROCm", False),
        ("https://x.org/a", "http://x.org/a/", True),
        ("https://X.org:443/a", "https://user:secret@x.org/a?token=1#f", True),
        ("https://x.org:8443/a", "https://x.org/a", False),
        ("https://x.org/a%2Bb", "https://x.org/a+b", True),
        ("https://x.org/a", "https://x.org/A", False),
        ("https://[::1", "https://[::1", True),
        ("https://x.org:port/", "https://x.org:port", True),
    ],
)
def test_comparable_urls(one: str, other: str, *, equal: bool) -> None:
    assert (comparable_url(one) == comparable_url(other)) is equal


FAMILY = "rocm_version: '7.1', torch_version: '2.9.1'"


def test_a_wheel_that_stacks_share_is_listed_once(cli: Cli, tmp_path: pathlib.Path) -> None:
    def family(distro: str) -> Files:
        items = "".join(
            f"  - {{distro: {distro}, rocm_version: '{each}'}}\n" for each in ("7.1", "7.2")
        )
        return {variant("rocm"): f"stacks:\n{items}"}

    demo = {"settings/packages/demo.yaml": 'changelog: {"1.0": [first]}\n'}
    write_tree(tmp_path, {SETTINGS_FILE: changelog(rocm=1), TORCH_FILE: TORCH, **demo})
    checkout = Checkout.create(tmp_path, family("el9.6"))
    checkout.write(family("el10.1"))
    report = json.loads(cli("review", "--format", "json", "--exit-zero").stdout)
    found = [
        (each["package"], each["version"], each["before"], each["after"], len(each["causes"]))
        for each in report["changes"]
    ]
    assert ("demo", "1.0", "2_el9.6", "2_el10.1", 2) in found
    assert ("torch", "2.9.1", "2_el9.6_rocm7.1", "2_el10.1_rocm7.1", 1) in found
    assert ("torch", "2.9.1", "2_el9.6_rocm7.2", "2_el10.1_rocm7.2", 1) in found
    assert len({each[:4] for each in found}) == len(found)
    assert report["compared"] == {"rocm": 2}
    assert [(each["stack"], each["renamed"]) for each in report["rebuilds"]] == [
        ("el10.1 rocm7.1", 2),
        ("el10.1 rocm7.2", 2),
    ]
    # demo is built once, torch for each stack
    limit = cli("review", "--max-rebuilds=2", "--exit-zero")
    assert limit.stderr.startswith("Error: 3 packages rebuilt, more than 2\n")
    below = [each for each in report["findings"] if each["message"].startswith("demo 1.0")]
    assert len(below) == 1
