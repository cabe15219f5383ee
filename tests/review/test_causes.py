"""What changed in the settings files, and which tags it can have changed."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping

import pytest

from fromager_build_tags.findings.finding import Place
from fromager_build_tags.plan.locked_tags import Lock, Row
from fromager_build_tags.review.causes import Cause, causes, keys_in
from fromager_build_tags.review.change import Change
from fromager_build_tags.review.compare import Review, compare
from fromager_build_tags.review.snapshot import Evaluation, Layout, Snapshot
from fromager_build_tags.settings.environment import declare
from fromager_build_tags.settings.yamlfile import read_yaml_mapping
from fromager_build_tags.stack.resolve import declared_stacks
from fromager_build_tags.tag.segment import Order

from ..conftest import Cli
from ..repositories import Checkout
from ..trees import GOOD, ROCM, ROCM_FILE, SETTINGS, SETTINGS_FILE, TORCH, TORCH_FILE
from .tags import build_tag, locked_stack

LAYOUT = Layout(
    settings_file=pathlib.PurePath(SETTINGS_FILE),
    settings_dir=pathlib.PurePath("settings/packages"),
    variants_dir=pathlib.PurePath("settings/variants"),
    patches_dir=pathlib.PurePath("patches"),
    lock_file=pathlib.PurePath("settings/build-tags.lock"),
)
CUDA_FILE = "settings/variants/cuda.yaml"


def side(files: Mapping[str, str]) -> Snapshot:
    content = {path: text.encode() for path, text in files.items()}
    return Snapshot(name="side", layout=LAYOUT, files=content, lock=None)


def stack(cuda: str, torch: str, distro: str = "el9.8") -> str:
    return f'  - {{distro: {distro}, cuda_version: "{cuda}", torch_version: "{torch}"}}\n'


def family(*stacks: str, before: str = "") -> dict[str, str]:
    return {CUDA_FILE: f"{before}stacks:\n{''.join(stacks)}"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            {ROCM_FILE: ROCM},
            {ROCM_FILE: ROCM.replace("el9.6", "el9.8").replace("2.9.1", "2.10.0")},
            [
                f"distro of rocm el9.6 → el9.8 in {ROCM_FILE}:1",
                f"torch_version of rocm 2.9.1 → 2.10.0 in {ROCM_FILE}:3",
            ],
        ),
        (
            {ROCM_FILE: ROCM},
            {},
            [f"stack of rocm el9.6 rocm7.1 torch2.9.1 → (none) in {ROCM_FILE}:1"],
        ),
        (
            {},
            {ROCM_FILE: ROCM},
            [f"stack of rocm (none) → el9.6 rocm7.1 torch2.9.1 in {ROCM_FILE}:1"],
        ),
        # the values of merge keys, where own ones take precedence
        (
            {SETTINGS_FILE: "wheels: {build_tag_hook: a:b}\n"},
            {SETTINGS_FILE: "x: &x {build_tag_hook: c:d}\nwheels:\n  <<: *x\n"},
            [f"wheels.build_tag_hook a:b → c:d in {SETTINGS_FILE}:2"],
        ),
        (
            {SETTINGS_FILE: "wheels: {build_tag_hook: a:b}\n"},
            {SETTINGS_FILE: "x: &x {build_tag_hook: c:d}\nwheels: {<<: *x, build_tag_hook: a:b}\n"},
            [],
        ),
        # a stack in front of the others, and one between them
        (
            family(stack("12.9", "2.9.1"), stack("13.0", "2.9.1")),
            family(stack("13.1", "2.9.1"), stack("12.9", "2.9.1"), stack("13.0", "2.9.1")),
            [f"stack of cuda (none) → el9.8 cuda13.1 torch2.9.1 in {CUDA_FILE}:2"],
        ),
        (
            family(stack("12.9", "2.9.1"), stack("13.0", "2.9.1")),
            family(stack("13.0", "2.10.0")),
            [
                f"torch_version of cuda 2.9.1 → 2.10.0 in {CUDA_FILE}:2",
                f"stack of cuda el9.8 cuda12.9 torch2.9.1 → (none) in {CUDA_FILE}:2",
            ],
        ),
        # the other way round, and one stack that becomes two
        (
            family(stack("12.9", "2.9.1"), stack("13.0", "2.9.1")),
            family(stack("13.0", "2.9.1"), stack("12.9", "2.9.1")),
            [],
        ),
        (
            {CUDA_FILE: 'distro: el9.8\ncuda_version: "13.0"\ntorch_version: "2.9.1"\n'},
            family(stack("12.9", "2.9.1"), stack("13.0", "2.9.1")),
            [f"stack of cuda (none) → el9.8 cuda12.9 torch2.9.1 in {CUDA_FILE}:2"],
        ),
        # what is given for all stacks is in each of them
        (
            family(stack("12.9", "2.9.1"), stack("13.0", "2.9.1")),
            family(
                stack("12.9", "2.9.1"), stack("13.0", "2.9.1"), before="torch_precision: minor\n"
            ),
            [f"torch_precision of cuda (none) → minor in {CUDA_FILE}:1"] * 2,
        ),
        ({CUDA_FILE: "index: a\n"}, {CUDA_FILE: "index: b\n"}, []),
        (
            {CUDA_FILE: "stacks: [1]\n"},
            {CUDA_FILE: "stacks: 1\n"},
            [f"unreadable settings in {CUDA_FILE}"],
        ),
        # a package's file with another name
        ({TORCH_FILE: TORCH}, {"settings/packages/Torch.yaml": TORCH}, []),
        (
            {TORCH_FILE: TORCH},
            {"settings/packages/Torch.yaml": f"{TORCH}    - second\n"},
            ["changelog of torch 2.9.1 1 → 2 entries in settings/packages/Torch.yaml:2"],
        ),
        (
            {TORCH_FILE: TORCH},
            {"settings/packages/torchvision.yaml": TORCH},
            [
                f"changelog of torch 2.9.1 1 → 0 entries in {TORCH_FILE}:2",
                "changelog of torchvision 2.9.1 0 → 1 entries in "
                "settings/packages/torchvision.yaml:2",
            ],
        ),
        (
            {TORCH_FILE: TORCH},
            {"settings/packages/pillow.yaml": 'changelog:\n  "12":\n    - first\n'},
            [
                "changelog of pillow 12 0 → 1 entries in settings/packages/pillow.yaml:2",
                f"changelog of torch 2.9.1 1 → 0 entries in {TORCH_FILE}:2",
            ],
        ),
    ],
)
def test_what_changed(
    before: Mapping[str, str], after: Mapping[str, str], expected: list[str]
) -> None:
    assert [str(each) for each in causes(side(before), side(after))] == expected


@pytest.mark.parametrize(
    ("variant", "text"),
    [
        ("rocm", ROCM),
        ("cuda", family(stack("12.9", "2.9.1"), stack("13.0.1", "2.10.0+cu130"))[CUDA_FILE]),
        ("cuda-ubi9", 'distro: el9.8\ncuda_version: "13"\ntorch_version: "2.10"\n'),
        ("cuda", 'torch_precision: minor\nstacks:\n  - torch_version: "2.10"\n  - distro: el9.8\n'),
        ("rubin-ubi9", 'cuda_version: "13.0"\n'),
        ("rubin", 'accelerator: cuda\nstacks:\n  - cuda_version: "13.0"\n'),
        ("cpu", "distro: el9.6\n"),
        ("gaudi", 'accelerator: gaudi\naccelerator_version: "1.22.1"\n'),
        ("other", "index: somewhere\ntorch_precision: minor\n"),
    ],
)
def test_the_keys_are_those_of_a_lock(tmp_path: pathlib.Path, variant: str, text: str) -> None:
    path = tmp_path / f"{variant}.yaml"
    path.write_text(text)
    keys = keys_in(variant, read_yaml_mapping(path))
    assert keys == [each.key for each in declared_stacks(declare(variant, tmp_path))]


A_1, A_2, A_3 = (Place(file="a", line=line) for line in (1, 2, 3))
B_1 = Place(file="b", line=1)
C_1, C_2, C_3 = (Place(file="c", line=line) for line in (1, 2, 3))
NUMBER = Cause(what="number", place=A_1, of_number=True)
DISTRO = Cause(what="distro", place=A_1, variant="rocm", segments=(Order.DISTRIBUTION,))
ROCM_VERSION = Cause(what="rocm", place=A_2, variant="rocm", segments=(Order.ACCELERATOR,))
TORCH_VERSION = Cause(what="torch", place=A_3, variant="rocm", segments=(Order.TORCH,))
NEEDS = Cause(
    what="needs",
    place=B_1,
    package="demo",
    segments=(Order.ACCELERATOR, Order.TORCH),
)
OTHERS = [
    Cause(what="other variant", place=C_1, variant="cuda"),
    Cause(what="other package", place=C_2, package="torch"),
    Cause(what="other version", place=C_3, package="demo", version="2"),
]
STACK = [DISTRO, ROCM_VERSION, TORCH_VERSION]
LABEL = "el9.6 rocm7.1 torch2.9.1"
NEW_LABEL = "el9.8 rocm7.2 torch2.10.0"


def evaluation(*stacks: tuple[str, Mapping[Row, str]]) -> Evaluation:
    locked = [locked_stack("rocm", key, tags) for key, tags in stacks]
    return Evaluation(name="side", lock=Lock(stacks=tuple(locked)))


def causes_of(before: str, after: str, *known: Cause) -> list[str]:
    key = ("demo", "1")
    base, head = evaluation((LABEL, {key: before})), evaluation((NEW_LABEL, {key: after}))
    [change] = compare(base, head, [*OTHERS, *known]).changes
    return [each.what for each in change.causes]


@pytest.mark.parametrize(
    ("before", "after", "known", "names"),
    [
        # of the number alone, of the segments alone, of both
        ("1_el9.6", "2_el9.6", [NUMBER, *STACK], ["number"]),
        ("1_el9.6", "1_el9.8", [NUMBER, *STACK], ["distro"]),
        ("1_el9.6", "2_el9.8", [NUMBER, *STACK], ["number", "distro"]),
        # of the segments that differ
        ("1_el9.6_torch2.9.1", "1_el9.8_torch2.10.0", STACK, ["distro", "torch"]),
        ("1_el9.6_rocm7.1", "1_el9.8_rocm7.2", STACK, ["distro", "rocm"]),
        ("1_el9.6_torch2.9.1", "1_el9.6_torch2.10.0", STACK, ["torch"]),
        # what a package depends on gives and takes segments, and changes none
        ("1_el9.6_rocm7.1", "1_el9.6_rocm7.1_torch2.10.0", [NEEDS, *STACK], ["needs"]),
        ("1_el9.6_torch2.9.1", "1_el9.6_torch2.10.0", [NEEDS, *STACK], ["torch"]),
        ("1_el9.6_torch2.9.1", "1_el9.8", [NEEDS, *STACK], ["needs", "distro"]),
        # what no known cause can change: any can be the cause, and only the file is named
        ("1_abi3", "1_abi4", STACK, ["3 changes"]),
        ("1_abi3", "1_abi4", [TORCH_VERSION], ["torch"]),
        ("1_el9.6_abi3", "1_el9.8_abi4", [NEEDS, *STACK], ["needs", "3 changes"]),
        ("1_el9.6", "1_el9.8", [TORCH_VERSION], ["torch"]),
        ("1_el9.6", "1_el9.8", [], []),
        # either can be the cause of an unknown tag
        ("1_?", "2_el9.6", [NUMBER, TORCH_VERSION], ["number", "torch"]),
        ("1_?", "1_el9.6", [NUMBER, TORCH_VERSION], ["torch"]),
        # there is a tag where there is a number
        ("1_el9.6", "-", [NUMBER, *STACK], ["number"]),
        ("-", "1_el9.8", [NUMBER, *STACK], ["number"]),
        ("1_el9.6", "-", [TORCH_VERSION], ["torch"]),
    ],
)
def test_what_can_have_caused_a_change(
    before: str, after: str, known: list[Cause], names: list[str]
) -> None:
    assert causes_of(before, after, *known) == names


def cuda(*stacks: tuple[str, str]) -> Evaluation:
    """Return a family: CUDA and Torch version of each stack."""
    locked = [
        locked_stack(
            "cuda",
            f"el9.8 cuda{cuda} torch{torch}",
            {("demo", "1"): f"1_el9.8_cuda{cuda}_torch{torch}", ("old", "1"): "1_el9.8"},
        )
        for cuda, torch in stacks
    ]
    return Evaluation(name="side", lock=Lock(stacks=tuple(locked)))


def of_family(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return each new tag with its causes."""
    before, after = (family(*(stack(*each) for each in side)) for side in (old, new))
    review = compare(cuda(*old), cuda(*new), causes(side(before), side(after)))
    return [
        (str(each.after or each.before), "; ".join(map(str, each.causes)))
        for each in review.changes
    ]


def test_a_cause_is_of_one_stack() -> None:
    new = f"stack of cuda (none) → el9.8 cuda13.1 torch2.8.0 in {CUDA_FILE}:2"
    moved = f"torch_version of cuda 2.9.1 → 2.10.0 in {CUDA_FILE}:4"
    assert of_family(
        [("12.9", "2.9.1"), ("13.0", "2.9.1")],
        [("13.1", "2.8.0"), ("12.9", "2.9.1"), ("13.0", "2.10.0")],
    ) == [
        ("1_el9.8_cuda13.0_torch2.10.0", moved),
        ("1_el9.8_cuda13.1_torch2.8.0", new),
        ("1_el9.8", new),
    ]


def test_what_is_gone_has_its_own_cause() -> None:
    gone = f"stack of cuda el9.8 cuda12.9 torch2.9.1 → (none) in {CUDA_FILE}:2"
    assert of_family([("12.9", "2.9.1"), ("13.0", "2.9.1")], [("13.0", "2.9.1")]) == [
        ("1_el9.8_cuda12.9_torch2.9.1", gone),
        ("1_el9.8", gone),
    ]


def test_a_stack_that_no_tags_are_of_can_have_changed_any() -> None:
    """Such as the stack of a file, where explicit variables override the file."""
    known = causes(side({ROCM_FILE: ROCM}), side({ROCM_FILE: ROCM.replace("7.1", "7.2")}))
    base = evaluation(("el8 rocm7.1", {("demo", "1"): "1_el8_rocm7.1"}))
    head = evaluation(("el8 rocm7.2", {("demo", "1"): "1_el8_rocm7.2"}))
    [change] = compare(base, head, known).changes
    assert [str(each) for each in change.causes] == [
        f"rocm_version of rocm 7.1 → 7.2 in {ROCM_FILE}:2"
    ]


def test_an_override_adds_torch_to_a_stack_without_it() -> None:
    """The key of the stack has no Torch; the spelling of the segment shows what it is."""
    base = evaluation(("el9.6 rocm7.1", {("demo", "1"): "1_el9.6_torch2.9.1"}))
    head = evaluation(("el9.6 rocm7.1", {("demo", "1"): "1_el9.6_torch2.10.0"}))
    [change] = compare(base, head, STACK).changes
    assert change.causes == (TORCH_VERSION,)


@pytest.mark.parametrize(
    ("known", "names"),
    [
        ([NUMBER, NEEDS], ["number", "needs"]),
        (
            [
                Cause(what="first", place=A_1, variant="rocm", of_number=True),
                NUMBER,
            ],
            ["first"],
        ),
    ],
)
def test_a_new_variant_that_has_no_file(known: list[Cause], names: list[str]) -> None:
    head = evaluation((LABEL, {("demo", "1"): "1_el9.6"}))
    [change] = compare(evaluation(), head, known).changes
    assert sorted(each.what for each in change.causes) == sorted(names)


def test_groups_are_those_of_the_cause_that_wheels_share() -> None:
    """A changelog of each package beside it makes no group for each of them."""

    def change(package: str, *found: Cause) -> Change:
        return Change(
            variant="rocm",
            package=package,
            version="1",
            before=build_tag("1_el9.6_torch2.9.1"),
            after=build_tag("2_el9.6_torch2.10.0"),
            causes=found,
        )

    def changelog(package: str) -> Cause:
        return Cause(
            what=f"changelog of {package}",
            place=A_1,
            package=package,
            of_number=True,
        )

    changes = [change("d", changelog("d"))] + [
        change(name, changelog(name), TORCH_VERSION) for name in "abc"
    ]
    review = Review(base="a", head="b", changes=changes, counted={})
    assert review.by_cause() == [
        ((TORCH_VERSION,), changes[1:]),
        ((changelog("d"),), changes[:1]),
    ]


def test_two_keys_that_change_together(cli: Cli, tmp_path: pathlib.Path) -> None:
    """Each wheel is listed below the keys that it shows."""
    checkout = Checkout.create(
        tmp_path, {**GOOD, "settings/packages/flash_attn.yaml": TORCH, SETTINGS_FILE: SETTINGS}
    )
    checkout.write({ROCM_FILE: ROCM.replace("el9.6", "el9.8").replace("2.9.1", "2.10.0")})
    report = json.loads(cli("review", "--format", "json", "--exit-zero").stdout)
    lines = {
        (each["package"], each["version"]): [cause["place"] for cause in each["causes"]]
        for each in report["changes"]
    }
    both = [f"{ROCM_FILE}:1", f"{ROCM_FILE}:3"]
    assert lines == {
        ("*", "*"): both[:1],
        ("torch", "2.9.1"): both[:1],
        ("torch", "*"): both[:1],
        ("flash-attn", "2.9.1"): both,
        ("flash-attn", "*"): both,
    }
