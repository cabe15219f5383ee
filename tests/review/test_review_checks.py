"""BT2: what ``review`` finds in a change, and what it must not."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.findings.finding import Finding, Place
from fromager_build_tags.findings.rules import RULES
from fromager_build_tags.plan.locked_tags import ANY, Lock, LockedStack, Row
from fromager_build_tags.review.causes import Cause
from fromager_build_tags.review.change import ChangeKind, Wheels
from fromager_build_tags.review.compare import Review, compare
from fromager_build_tags.review.review_checks import review_findings
from fromager_build_tags.review.snapshot import BrokenSettings, Evaluation, Layout, Snapshot
from fromager_build_tags.review.snapshot_checks import own_packages, shared_indexes
from fromager_build_tags.settings.hook import HOOK as HOOK_NAME
from fromager_build_tags.stack.key import StackKey

from ..conftest import Cli
from ..repositories import Checkout
from ..tag.test_order import TAGS
from ..trees import (
    GOOD,
    HOOK,
    ROCM,
    ROCM_FILE,
    SETTINGS,
    SETTINGS_FILE,
    TORCH,
    TORCH_FILE,
    TWO_PACKAGES,
)
from .tags import before_and_after, build_tag, locked_stack

type Tags = Mapping[str, str]

NUMBERLESS = (
    "no build number any more: fromager adds no suffix and accepts any wheel, and installers "
    "prefer the old wheel"
)
BELOW = (
    "versions without a changelog entry sort below the wheels that they replace, so installers "
    "keep the old ones"
)
KEEP = "so installers keep the old wheel"
CHANGELOG = Cause(
    what="changelog.rocm 1 → 2 entries",
    place=Place(file="settings/settings.yaml", line=4),
    variant="rocm",
    of_number=True,
)
GONE = Cause(
    what="changelog.rocm 2 → 0 entries",
    place=Place(file="settings/settings.yaml", line=4),
    variant="rocm",
    of_number=True,
)
PRE_BUILT = Cause(
    what="pre_built of demo (none) → true",
    place=Place(file="settings/packages/demo.yaml", line=2),
    variant="rocm",
    package="demo",
    of_number=True,
    pre_built=True,
)
NO_HOOK = Cause(
    what="wheels.build_tag_hook x → (none)",
    place=Place(file="settings/settings.yaml", line=2),
    no_hook=True,
)
TORCH_VERSION = Cause(
    what="torch_version of rocm 2.9.1 → 2.10.0",
    place=Place(file="settings/variants/rocm.yaml", line=3),
    variant="rocm",
)


def side(name: str, tags: Tags, variant: str = "rocm", label: str = "el9.6 rocm7.1") -> Evaluation:
    """Return a side with one stack; keys are ``package version``."""
    table: dict[Row, str] = {}
    for text, tag in tags.items():
        package, version = text.split()
        table[package, version] = tag
    stack = locked_stack(variant, label, table)
    return Evaluation(name=name, lock=Lock(stacks=(stack,)))


def found(before: Tags, after: Tags, *known: Cause) -> list[tuple[str, str, str, str, str]]:
    review = compare(side("base", before), side("head", after), known)
    return segment_texts(review_findings(review, {}))


def segment_texts(findings: Iterable[Finding]) -> list[tuple[str, str, str, str, str]]:
    return [
        (each.code, each.severity.value, each.subject, str(each.place), each.message)
        for each in findings
    ]


FIRES: list[tuple[str, Tags, Tags, tuple[Cause, ...], str, str, str, str]] = [
    (
        "BT201",
        {"demo 1": "8_torch2.9.1"},
        {"demo 1": "8_torch2.10.0"},
        (TORCH_VERSION,),
        "error",
        "demo",
        "settings/variants/rocm.yaml:3",
        f"demo 1 on rocm: 8_torch2.10.0 sorts below 8_torch2.9.1, {KEEP}",
    ),
    # it is unknown whether there are such wheels
    (
        "BT201",
        {"demo *": "8_torch2.9.1", "* *": "8_b"},
        {"demo *": "8_torch2.10.0", "* *": "8_a"},
        (TORCH_VERSION,),
        "warning",
        "rocm",
        "settings/variants/rocm.yaml:3",
        f"on rocm, {BELOW}: demo, every other package",
    ),
    (
        "BT201",
        {f"demo{n} *": "8_b" for n in range(10)},
        {f"demo{n} *": "8_a" for n in range(10)},
        (),
        "warning",
        "rocm",
        "",
        f"on rocm, {BELOW}: demo0, demo1, demo2, demo3, demo4, demo5, demo6, demo7 and 2 more",
    ),
    (
        "BT202",
        {"demo 1": "8_a"},
        {"demo 1": "7_b"},
        (),
        "error",
        "demo",
        "",
        f"demo 1 on rocm: 7_b sorts below 8_a, {KEEP}",
    ),
    # the entry of the version is gone
    (
        "BT202",
        {"demo 1": "8_a", "demo *": "2_a"},
        {"demo *": "2_a"},
        (),
        "error",
        "demo",
        "",
        f"demo 1 on rocm: 2_a sorts below 8_a, {KEEP}",
    ),
    (
        "BT202",
        {"demo *": "8_a"},
        {"demo *": "7_a"},
        (),
        "error",
        "rocm",
        "",
        f"on rocm, {BELOW}: demo",
    ),
    # the number is known where the suffix is not
    (
        "BT202",
        {"demo 1": "8_?"},
        {"demo 1": "7_?"},
        (),
        "error",
        "demo",
        "",
        f"demo 1 on rocm: 7_? sorts below 8_?, {KEEP}",
    ),
    (
        "BT209",
        {"demo 1": "8_a"},
        {"demo 1": "8_?"},
        (),
        "warning",
        "demo",
        "",
        "demo 1 on rocm: the suffix became unknown (8_a → 8_?)",
    ),
    # a package is named once, however many of its versions there are
    (
        "BT209",
        {"* *": "8_a", "demo 1": "8_a", "demo 2": "8_b", "torch 1": "8_a", "other 1": "8_a"},
        {"* *": "8_?", "demo 1": "8_?", "demo 2": "9_?", "torch 1": "8_?", "other 1": "8_?"},
        (TORCH_VERSION,),
        "warning",
        "rocm",
        "settings/variants/rocm.yaml:3",
        "5 suffixes of rocm became unknown: every other package, demo, torch and 1 more",
    ),
    (
        "BT209",
        {"demo 1": "8_?"},
        {"demo 1": "8_?"},
        (),
        "note",
        "rocm",
        "",
        "not compared: 1 build tag of rocm (el9.6 rocm7.1) with an unknown suffix",
    ),
    (
        "BT209",
        {"demo 1": "8_?", "torch 1": "8_?", "fine 1": "8_a"},
        {"demo 1": "8_?", "torch 1": "8_torch2.9.1", "fine 1": "8_a"},
        (),
        "note",
        "rocm",
        "",
        "not compared: 2 build tags of rocm (el9.6 rocm7.1) with an unknown suffix",
    ),
    (
        "BT204",
        {"demo 1": "1_a", "torch 2": "1_a", "fixed 2": "1_a"},
        {"demo 1": "2_a", "torch 2": "2_a", "fixed 2": "1_a"},
        (CHANGELOG,),
        "warning",
        "rocm",
        "settings/settings.yaml:4",
        "changelog.rocm 1 → 2 entries rebuilds 2 of 3 packages of rocm",
    ),
    (
        "BT205",
        {"demo 1": "1_el9.6_rocm7.1"},
        {"demo 1": "2_el9.6"},
        (),
        "warning",
        "demo",
        "",
        "demo 1 on rocm lost a segment (1_el9.6_rocm7.1 → 2_el9.6)",
    ),
    (
        "BT205",
        {"demo *": "1_el9.6"},
        {"demo *": "2"},
        (),
        "warning",
        "demo",
        "",
        "demo (any other version) on rocm lost a segment (1_el9.6 → 2)",
    ),
    (
        "BT202",
        {"demo 1": "1_a"},
        {"demo 1": "-"},
        (),
        "error",
        "demo",
        "",
        f"demo 1 on rocm has {NUMBERLESS} 1_a",
    ),
    (
        "BT202",
        {"demo 1": "1_?"},
        {"demo 1": "-"},
        (),
        "error",
        "demo",
        "",
        f"demo 1 on rocm has {NUMBERLESS} 1_?",
    ),
    # one cause, one finding
    (
        "BT202",
        {"* *": "2_a", **{f"demo{n} *": "2_b" for n in range(10)}},
        {"* *": "-", **{f"demo{n} *": "-" for n in range(10)}},
        (GONE,),
        "error",
        "rocm",
        "settings/settings.yaml:4",
        f"on rocm, versions without a changelog entry have {NUMBERLESS} 2_a: every other package, "
        "demo0, demo1, demo2, demo3, demo4, demo5, demo6 and 3 more",
    ),
    (
        "BT206",
        {"demo 1": "1_a"},
        {"demo 1": "-"},
        (PRE_BUILT,),
        "warning",
        "demo",
        "settings/packages/demo.yaml:2",
        "demo 1 on rocm became pre-built and lost its build tag 1_a: installers prefer the wheels "
        "that were built",
    ),
    (
        "BT206",
        {"other 1": "1_a"},
        {"other 1": "1_a", "demo *": "-"},
        (),
        "warning",
        "demo",
        "",
        "demo (any other version) on rocm gets no build tag: it has no changelog entry, or is "
        "pre-built",
    ),
]

STAYS_QUIET: list[tuple[str, Tags, Tags, tuple[Cause, ...]]] = [
    # without a hook, BT211 is one finding for all
    ("BT205", {"demo 1": "1_el9.6_rocm7.1"}, {"demo 1": "1"}, (NO_HOOK,)),
    ("BT201", {"demo 1": "8_torch2.10.0"}, {"demo 1": "8_torch2.10.0"}, ()),
    ("BT201", {"demo 1": "8_torch2.10.0"}, {"demo 1": "8_torch2.9.1"}, ()),
    ("BT201", {"demo 1": "8_torch2.9.1"}, {"demo 1": "9_torch2.10.0"}, (TORCH_VERSION,)),
    ("BT201", {"demo 1": "8_torch2.9.1"}, {"demo 1": "8_?"}, ()),
    ("BT201", {"demo 1": "8_?"}, {"demo 1": "8_torch2.10.0"}, ()),
    ("BT201", {"demo 1": "-"}, {"demo 1": "8_torch2.10.0"}, ()),
    ("BT201", {"demo 1": "8_b"}, {"demo 1": "7_a"}, ()),  # it is BT202
    ("BT202", {"demo 1": "8_b"}, {"demo 1": "8_a"}, ()),
    ("BT202", {"demo 1": "8_b"}, {"demo 1": "9_a"}, ()),
    ("BT202", {"demo 1": "8_b"}, {"demo 1": "-"}, (PRE_BUILT,)),
    ("BT202", {"demo *": "8_b", "torch *": "-"}, {"demo *": "-"}, (PRE_BUILT,)),
    ("BT202", {"demo 1": "-"}, {"demo 1": "-"}, ()),
    # a version that is named for the first time has what all others had
    ("BT202", {"demo *": "2_a"}, {"demo 1": "3_a", "demo *": "2_a"}, ()),
    ("BT204", {"demo 1": "1_a"}, {"demo 1": "2_a"}, ()),
    ("BT204", {"demo 1": "1_a"}, {"demo 1": "1_b"}, (TORCH_VERSION,)),
    # the entry of a package
    (
        "BT204",
        {"demo 1": "1_a"},
        {"demo 1": "2_a"},
        (Cause(what="x", place=Place(file="y"), package="demo", version="1", of_number=True),),
    ),
    ("BT205", {"demo 1": "1_a"}, {"demo 1": "2_b"}, ()),
    ("BT205", {"demo 1": "1_a"}, {"demo 1": "2_a_b"}, ()),
    ("BT205", {"demo 1": "1_a_b"}, {"demo 1": "-"}, ()),
    ("BT205", {"demo 1": "1_a_b"}, {"demo 1": "1_?"}, ()),
    ("BT202", {"demo 1": "8_?"}, {"demo 1": "8_a"}, ()),
    ("BT202", {"demo 1": "8_?"}, {"demo 1": "9_?"}, ()),
    ("BT206", {"demo 1": "1_a"}, {"demo 1": "1_?"}, ()),
    ("BT206", {"demo 1": "1_a"}, {"demo 1": "-"}, ()),  # it is BT202
    ("BT209", {"demo 1": "1_a"}, {"demo 1": "1_b"}, ()),
    ("BT209", {"demo 1": "-"}, {"demo 1": "-"}, ()),
    # a higher number wins whatever the suffix is
    ("BT209", {"demo 1": "1_?"}, {"demo 1": "2_?"}, ()),
    ("BT209", {"demo 1": "1_?"}, {"demo 1": "2_a"}, ()),
    ("BT206", {"demo 1": "-"}, {"demo 1": "-"}, ()),
    ("BT206", {"demo 1": "-"}, {"demo 1": "1_a"}, ()),
    ("BT206", {"other 1": "1_a"}, {"other 1": "1_a", "demo 1": "1_a"}, ()),
    ("BT206", {"demo *": "-"}, {"demo *": "-", "demo 2": "-"}, ()),
]


@pytest.mark.parametrize(
    ("code", "before", "after", "known", "severity", "subject", "place", "message"), FIRES
)
def test_a_rule_fires(
    code: str,
    before: Tags,
    after: Tags,
    known: tuple[Cause, ...],
    severity: str,
    subject: str,
    place: str,
    message: str,
) -> None:
    of_rule = [each for each in found(before, after, *known) if each[0] == code]
    assert of_rule == [(code, severity, subject, place, message)]


@pytest.mark.parametrize(("code", "before", "after", "known"), STAYS_QUIET)
def test_a_rule_stays_quiet(code: str, before: Tags, after: Tags, known: tuple[Cause, ...]) -> None:
    assert [each for each in found(before, after, *known) if each[0] == code] == []


def test_every_rule_has_cases_of_both_kinds() -> None:
    """BT203, BT207, BT208, BT210, BT211 are about more than tags: they have their own tests."""
    codes = {code for code in RULES if code.startswith("BT2")}
    below = {"BT203", "BT207", "BT208", "BT210", "BT211"}
    assert {code for code, *_ in FIRES} | below == codes
    assert {code for code, *_ in STAYS_QUIET} | below == codes


def test_a_new_variant_without_numbers() -> None:
    review = compare(
        Evaluation(name="base", lock=Lock(stacks=())),
        side("head", {"* *": "-", "demo *": "-", "demo 1": "-", "a *": "-", "a 1": "1"}),
        [],
    )
    assert segment_texts(review_findings(review, {})) == [
        (
            "BT206",
            "warning",
            "demo",
            "",
            "demo 1 on rocm gets no build tag: it has no changelog entry, or is pre-built",
        ),
        (
            "BT206",
            "warning",
            "rocm",
            "",
            "rocm has no changelog, so versions without an entry of their own get no build tag: "
            "every other package, demo, a",
        ),
    ]


def test_a_pre_built_package_on_a_new_variant() -> None:
    """The variant has a changelog: each version without a tag has its own finding."""
    review = compare(
        Evaluation(name="base", lock=Lock(stacks=())),
        side("head", {"* *": "1_a", "demo *": "-", "demo 1": "-"}),
        [],
    )
    assert [message for *_, message in segment_texts(review_findings(review, {}))] == [
        f"demo {version} on rocm gets no build tag: it has no changelog entry, or is pre-built"
        for version in ("(any other version)", "1")
    ]


# BT201: what nothing names


@pytest.mark.parametrize(
    ("own", "before", "after", "severity"),
    [
        # `*` is every wheel of a package with settings of its own
        ({"demo"}, {"demo *": "1_b"}, {"demo *": "1_a"}, "error"),
        # some of its wheels are named, and compared
        ({"demo"}, {"demo *": "1_b", "demo 1": "1_b"}, {"demo *": "1_a", "demo 1": "2_a"}, "note"),
        ({"demo"}, {"demo *": "1_b"}, {"demo *": "1_a", "demo 1": "2_a"}, "note"),
        # only a shipped override knows it
        (set(), {"demo *": "1_b"}, {"demo *": "1_a"}, "note"),
        # nothing names it
        (set(), {"* *": "1_b"}, {"* *": "1_a"}, "warning"),
        # two locks don't tell which packages have settings
        (None, {"demo *": "1_b"}, {"demo *": "1_a"}, "warning"),
        # the number of a variant is that of every wheel
        (set(), {"demo *": "2_b"}, {"demo *": "1_b"}, "error"),
    ],
)
def test_what_nothing_names_is_as_bad_as_it_is_certain(
    own: set[str] | None, before: Tags, after: Tags, severity: str
) -> None:
    review = compare(side("base", before), side("head", after), [])
    review = dataclasses.replace(review, own=None if own is None else frozenset(own))
    found = [each for each in review_findings(review, {}) if each.subject == "rocm"]
    assert [each.severity.value for each in found] == [severity]


def test_a_rule_is_ignored_with_a_reason(cli: Cli, tmp_path: pathlib.Path) -> None:
    """The settings of the new side say so, for their package alone."""
    demo, other = "settings/packages/De_Mo.yaml", "settings/packages/other.yaml"
    given = "annotations:\n  build-tags.depends-on: torch\n"
    checkout = Checkout.create(tmp_path, {**GOOD, demo: given, other: given})
    reason = "  build-tags.ignore.BT205: ' it never did '\n"
    without = given.replace("torch", "none")
    checkout.write({demo: without + reason, other: without})
    found = json.loads(cli("review", "--format", "json", status=1).stdout)
    assert [
        (each["code"], each["subject"]) for each in found["findings"] if each["code"] == "BT205"
    ] == [("BT205", "other")]
    assert [(each["code"], each["subject"], each["reason"]) for each in found["ignored"]] == [
        ("BT205", "de-mo", "it never did")
    ]


def test_the_packages_with_settings_of_their_own() -> None:
    paths = [TORCH_FILE, "settings/packages/Flash_Attn.yaml", ROCM_FILE, SETTINGS_FILE]
    whole = Snapshot(name="x", layout=LAYOUT, files=dict.fromkeys(paths, b""), lock=None)
    lock = Snapshot(name="x", layout=LAYOUT, files={LAYOUT.lock_file.as_posix(): b""}, lock=None)
    assert own_packages(lock, whole) == frozenset({"torch", "flash-attn"})
    assert own_packages(lock, lock) is None


# BT209: an unknown suffix


def test_the_reason_of_an_unknown_tag(cli: Cli, tmp_path: pathlib.Path) -> None:
    """A side that is evaluated here has a reason; a lock contains none."""
    checkout = Checkout.create(tmp_path, TWO_PACKAGES)
    checkout.write({ROCM_FILE: 'distro: el9.6\nrocm_version: "7.1"\n'})
    reason = (
        "the Torch version of variant 'rocm' is unknown: set WHEEL_BUILD_TAG_TORCH_VERSION or "
        f"TORCH_VERSION, or torch_version in {ROCM_FILE}"
    )
    gone = "flash-attn (any other version) on rocm: the suffix became unknown "
    gone += "(1_el9.6_rocm7.1_torch2.9.1 → 1_?)"
    assert untold(cli) == [("warning", "flash-attn", f"{gone}: {reason}")]
    checkout.commit({})
    same = "not compared: 1 build tag of rocm (el9.6 rocm7.1) with an unknown suffix"
    assert untold(cli) == [("note", "rocm", f"{same}: {reason}")]
    cli("lock")
    checkout.commit({})
    assert untold(cli) == [("note", "rocm", same)]
    assert cli("review").stdout.startswith("No build tag changes from ")


def untold(cli: Cli) -> list[tuple[str, str, str]]:
    report = json.loads(cli("review", "--format", "json").stdout)
    return [
        (each["severity"], each["subject"], each["message"])
        for each in report["findings"]
        if each["code"] == "BT209"
    ]


# BT203: a shared index


@pytest.mark.parametrize(
    ("shared", "before", "after", "messages"),
    [
        (
            {"rocm": "cuda"},
            {"demo 1": "1_a"},
            {"demo 1": "1_b"},
            ["1 wheel name of rocm changes, and cuda has the same index"],
        ),
        ({"rocm": "cuda"}, {"demo 1": "1_a"}, {"demo 1": "1_a"}, []),
        ({"cuda": "rocm"}, {"demo 1": "1_a"}, {"demo 1": "1_b"}, []),
        ({}, {"demo 1": "1_a"}, {"demo 1": "1_b"}, []),
    ],
)
def test_a_shared_index(
    shared: Mapping[str, str], before: Tags, after: Tags, messages: list[str]
) -> None:
    review = compare(side("base", before), side("head", after), [])
    found = [each for each in review_findings(review, shared) if each.code == "BT203"]
    assert [each.message for each in found] == messages


LAYOUT = Layout(
    settings_file=pathlib.PurePath(SETTINGS_FILE),
    settings_dir=pathlib.PurePath("settings/packages"),
    variants_dir=pathlib.PurePath("settings/variants"),
    patches_dir=pathlib.PurePath("patches"),
    lock_file=pathlib.PurePath("settings/build-tags.lock"),
)


def files(**variants: str) -> Snapshot:
    content = {f"settings/variants/{name}.yaml": text.encode() for name, text in variants.items()}
    return Snapshot(name="head", layout=LAYOUT, files=content, lock=None)


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        ({"rocm": "index: a", "cuda": "index: a"}, {"rocm": "cuda", "cuda": "rocm"}),
        ({"rocm": "index: a", "cuda": "index: b"}, {}),
        ({"rocm": "index: a", "cuda": ""}, {}),
        ({"rocm": "", "cuda": ""}, {}),
        # several stacks of one accelerator may share
        ({"rocm": "index: a", "rocm-el10": "index: a"}, {}),
        ({"rocm": "index: 1", "cuda": "index: 1"}, {}),
        ({"rocm": "index: [", "cuda": "index: a"}, {}),
    ],
)
def test_who_shares_an_index(variants: dict[str, str], expected: Mapping[str, str]) -> None:
    labels = {"rocm": "el9.6 rocm7.1", "rocm-el10": "el10.1 rocm7.1", "cuda": "el9.6 cuda13.0"}
    stacks = [
        LockedStack(variant=each, key=StackKey.parse(labels[each]), tags={}) for each in variants
    ]
    assert shared_indexes(files(**variants), Lock(stacks=tuple(stacks))) == expected


@pytest.mark.parametrize("distro", ["distro: el9.6\n", ""])
@pytest.mark.parametrize("locked", [False, True])
def test_accelerators_that_share_an_index_without_a_distribution(
    cli: Cli, tmp_path: pathlib.Path, distro: str, *, locked: bool
) -> None:
    """The only fact of a stack is its accelerator, and not its distribution."""
    gaudi = f'accelerator: gaudi\naccelerator_version: "1.18"\nindex: shared\n{distro}'
    tree = {
        SETTINGS_FILE: f"{HOOK}changelog:\n  hpu:\n    - first\n  v5:\n    - first\n",
        "settings/variants/hpu.yaml": gaudi,
        "settings/variants/v5.yaml": f"accelerator: tpu\nindex: shared\n{distro}",
    }
    checkout = Checkout.create(tmp_path, tree)
    if locked:
        cli("lock")
        checkout.commit({})
    checkout.write({SETTINGS_FILE: tree[SETTINGS_FILE].replace("first", "first\n    - more", 1)})
    if locked:
        cli("lock")
    findings = json.loads(cli("review", "--format", "json").stdout)["findings"]
    assert [(each["code"], each["subject"]) for each in findings if each["code"] == "BT203"] == [
        ("BT203", "hpu")
    ]


# BT207: a broken side


def broken(**given: str) -> Evaluation:
    whole = side("head", {"torch 1": "1_b", "demo 1": "1_b"})
    return Evaluation(
        name="head",
        lock=whole.lock,
        broken=(BrokenSettings(snapshot="head", place="a.yaml", message="it is odd", **given),),
    )


@pytest.mark.parametrize(
    ("given", "compared"),
    [
        ({"package": "torch"}, ["demo"]),
        ({"variant": "rocm"}, []),
        ({"variant": "cuda"}, ["torch", "demo"]),
    ],
)
def test_broken_files_are_reported_and_the_others_compared(
    given: dict[str, str], compared: list[str]
) -> None:
    base = side("base", {"torch 1": "1_a", "demo 1": "1_a"})
    sides = ((base, broken(**given), "error"), (broken(**given), base, "warning"))
    for before, after, severity in sides:
        review = compare(before, after, [])
        [finding] = [each for each in review_findings(review, {}) if each.code == "BT207"]
        assert finding.message == "head: it is odd"
        assert finding.subject == next(iter(given.values()))
        assert (str(finding.place), finding.severity.value) == ("a.yaml", severity)
        assert [each.package for each in review.changes] == compared


@pytest.mark.parametrize(
    ("name", "content", "subject"),
    [
        (TORCH_FILE, "changelog: [\n", "torch"),
        (TORCH_FILE, "unknown: key\n", "torch"),
        (TORCH_FILE, "- list\n", "torch"),
        (ROCM_FILE, "distro: 9.6\n", "rocm"),
    ],
)
def test_a_file_that_is_broken_on_one_side(
    cli: Cli, tmp_path: pathlib.Path, name: str, content: str, subject: str
) -> None:
    """No temporary folder shows in the message, and the place is a file of the side."""
    checkout = Checkout.create(tmp_path, GOOD)
    head = {name: content, "settings/packages/demo.yaml": TORCH}
    checkout.write(head)
    report = json.loads(cli("review", "--format", "json", status=1).stdout)
    [finding] = report["findings"]
    assert (finding["code"], finding["file"], finding["subject"]) == ("BT207", name, subject)
    assert finding["message"].startswith("the working tree: ")
    assert "/tmp" not in finding["message"]
    assert "build-tags-" not in finding["message"]
    compared = [each["package"] for each in report["changes"]]
    assert compared == ([] if subject == "rocm" else ["demo"])
    checkout.commit({})
    checkout.write({name: GOOD[name]})
    [again] = json.loads(cli("review", "HEAD", "--format", "json").stdout)["findings"]
    assert again["message"].startswith("HEAD: ")
    assert again["severity"] == "warning"


# BT208: a lock that was forgotten


@pytest.mark.parametrize(
    ("change", "known", "line"),
    [
        ({}, "", None),
        ({TORCH_FILE: f"# a comment\n{TORCH}"}, "", None),
        ({TORCH_FILE: f"{TORCH}env: {{A: '1'}}\n"}, "", None),
        ({ROCM_FILE: f"{ROCM}index: test\n"}, "", None),
        ({ROCM_FILE: ROCM.replace("7.1", "7.2")}, "rocm_version of rocm changed (7.1 → 7.2)", 2),
        (
            {TORCH_FILE: f"{TORCH}    - second\n"},
            "the build tag of torch 2.9.1 on rocm changed (2_el9.6_rocm7.1 → 3_el9.6_rocm7.1)",
            2,
        ),
        (
            {SETTINGS_FILE: f"{SETTINGS}    - second\n"},
            "the build tag of every other package on rocm changed (1_el9.6 → 2_el9.6) and 2 more",
            4,
        ),
        (
            {TORCH_FILE: f"{TORCH}variants: {{rocm: {{pre_built: true}}}}\n"},
            "the build tag of torch 2.9.1 on rocm changed (2_el9.6_rocm7.1 → -) and 1 more",
            4,
        ),
        (
            {TORCH_FILE: f"{TORCH}annotations: {{build-tags.depends-on: none}}\n"},
            "the build tag of torch 2.9.1 on rocm changed (2_el9.6_rocm7.1 → 2_el9.6) and 1 more",
            4,
        ),
        (
            {SETTINGS_FILE: SETTINGS.replace(HOOK_NAME, "os:system")},
            f"the hook changed ({HOOK_NAME} → os:system)",
            2,
        ),
        (
            {SETTINGS_FILE: SETTINGS.replace(f'"{HOOK_NAME}"', "null")},
            f"the hook changed ({HOOK_NAME} → none)",
            2,
        ),
        (
            {
                ROCM_FILE: ROCM.replace("7.1", "7.2"),
                TORCH_FILE: f"{TORCH}    - second\n",
            },
            "rocm_version of rocm changed (7.1 → 7.2)",
            None,
        ),
        # the shipped override has the same dependencies, so that no tag changes
        ({TORCH_FILE: f"{TORCH}annotations: {{build-tags.depends-on: accelerator}}\n"}, "", None),
    ],
)
def test_a_stale_lock(
    cli: Cli, tmp_path: pathlib.Path, change: Mapping[str, str], known: str, line: int | None
) -> None:
    checkout = Checkout.create(tmp_path, GOOD)
    cli("lock")
    checkout.commit({})
    checkout.write(change)
    report = json.loads(cli("review", "--format", "json", status=1 if known else 0).stdout)
    file = LOCK if line is None else next(iter(change))
    expected = [(f"lock file is out of date: {known}", file, line)] if known else []
    found = [each for each in report["findings"] if each["code"] == "BT208"]
    assert [(each["message"], each["file"], each["line"]) for each in found] == expected
    cli("lock")
    report = json.loads(cli("review", "--exit-zero", "--format", "json").stdout)
    assert [each for each in report["findings"] if each["code"] == "BT208"] == []


FAMILY = (
    "torch_precision: minor\nstacks:\n"
    '  - {distro: el9.6, rocm_version: "7.1", torch_version: "2.9.1"}\n'
    '  - {distro: el9.6, rocm_version: "7.0", torch_version: "2.9.1"}\n'
)
LOCK = "settings/build-tags.lock"
OUT_OF_DATE = "lock file is out of date"
NO_LOCK = "lock file cannot be computed from the settings"
#: The variant file of the head, that of which the head's lock is made, and what is found.
HEADINGS = [
    (ROCM.replace("2.9.1", "2.10.0"), ROCM.replace("2.9.1", "2.10.0"), None),
    (FAMILY, FAMILY, None),
    ("accelerator: gaudi\ndistro: el9.6\n", "accelerator: gaudi\ndistro: el9.6\n", None),
    ("distro: el9.6\n", "distro: el9.6\n", None),
    ("", "", None),
    (None, None, None),
    (
        ROCM.replace("2.9.1", "2.10.0"),
        ROCM.replace("2.9.1", "2.11.0"),
        f"{OUT_OF_DATE}: torch_version of rocm changed (2.11.0 → 2.10.0)",
    ),
    (
        FAMILY,
        FAMILY.replace("minor", "patch"),
        f"{OUT_OF_DATE}: torch_version of rocm changed (2.9.1 → 2.9) and 1 more",
    ),
    (
        None,
        ROCM.replace("2.9.1", "2.11.0"),
        f"{OUT_OF_DATE}: distro of rocm changed (el9.6 → unknown) and 2 more",
    ),
    (
        "rocm_version: 7.1\n",
        ROCM.replace("2.9.1", "2.11.0"),
        f"{NO_LOCK}: {ROCM_FILE}:1: rocm_version: 7.1 is not a text: quote it",
    ),
    (
        'torch_version: "x"\n',
        ROCM.replace("2.9.1", "2.11.0"),
        f"{NO_LOCK}: {ROCM_FILE}:1: torch_version: 'x' is not a PEP "
        "440 version, such as 13.0 or 2.10.0",
    ),
    (
        "stacks:\n  - text\n",
        ROCM.replace("2.9.1", "2.11.0"),
        f"{NO_LOCK}: {ROCM_FILE}:2: a stack is not a mapping",
    ),
    (
        "stacks: [\n",
        ROCM.replace("2.9.1", "2.11.0"),
        f"{NO_LOCK}: {ROCM_FILE}:2 is not valid YAML: ",
    ),
]


@pytest.mark.parametrize(("variant", "locked", "expected"), HEADINGS)
def test_a_lock_of_other_stacks_than_the_variant_file(
    cli: Cli, tmp_path: pathlib.Path, variant: str | None, locked: str | None, expected: str | None
) -> None:
    checkout = Checkout.create(tmp_path, GOOD)
    cli("lock")
    checkout.commit({})
    checkout.write({ROCM_FILE: locked})
    cli("lock")
    checkout.write({ROCM_FILE: ""})
    checkout.write({ROCM_FILE: variant})
    report = json.loads(cli("review", "--exit-zero", "--format", "json").stdout)
    found = [each for each in report["findings"] if each["code"] == "BT208"]
    assert [each["file"] for each in found] == (["settings/build-tags.lock"] if expected else [])
    for each in found:
        assert each["message"].startswith(expected)
        assert each["severity"] == "error"


def test_a_file_that_cannot_be_read_beside_a_lock(cli: Cli, tmp_path: pathlib.Path) -> None:
    """Its tags are not reported as gone; other changes are reported."""
    checkout = Checkout.create(tmp_path, GOOD)
    cli("lock")
    checkout.commit({})
    checkout.write({TORCH_FILE: f"{TORCH}\t- x\n"})
    [finding] = json.loads(cli("review", "--format", "json", status=1).stdout)["findings"]
    assert (finding["code"], finding["subject"]) == ("BT208", "settings/build-tags.lock")
    assert finding["file"] == "settings/build-tags.lock"
    assert finding["message"] == (
        f"{NO_LOCK}: {TORCH_FILE}:4 is not valid YAML: found character "
        "'\\t' that cannot start any token, while scanning for the next token"
    )


# what is compared


def test_a_family_is_compared_stack_by_stack() -> None:
    """The most alike make a pair: a stack that is added renames no other."""

    def family(*versions: str) -> Evaluation:
        stacks = [
            locked_stack(
                "cuda",
                f"el9.6 cuda{version} torch2.9.1",
                {("demo", ANY): f"1_el9.6_cuda{version}"},
            )
            for version in versions
        ]
        return Evaluation(name="x", lock=Lock(stacks=tuple(stacks)))

    def changes(old: Evaluation, new: Evaluation) -> list[tuple[str, str, str]]:
        return [(each.kind, *before_and_after(each)) for each in compare(old, new, []).changes]

    two = family("12.9", "13.0")
    assert changes(two, two) == []
    assert changes(two, family("13.0", "12.9")) == []
    assert changes(two, family("12.9", "13.0", "13.1")) == [
        (ChangeKind.NEW, "", "1_el9.6_cuda13.1")
    ]
    assert changes(two, family("13.0")) == [(ChangeKind.GONE, "1_el9.6_cuda12.9", "")]
    assert changes(two, family("12.9", "13.1")) == [
        (ChangeKind.CHANGED, "1_el9.6_cuda13.0", "1_el9.6_cuda13.1")
    ]


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        # another Torch beside the one that there was: both lie on one index
        (
            ["rocm7.1 torch2.9.1"],
            ["rocm7.1 torch2.9.1", "rocm7.1 torch2.10.0"],
            [("rocm7.1 torch2.9.1", "rocm7.1 torch2.10.0")],
        ),
        # the accelerator weighs more than Torch
        (
            ["rocm7.1 torch2.9.1"],
            ["rocm7.1 torch2.10.0", "rocm7.2 torch2.9.1"],
            [("rocm7.1 torch2.9.1", "rocm7.1 torch2.10.0"), ("", "rocm7.2 torch2.9.1")],
        ),
        (
            ["rocm7.1 torch2.9.1", "rocm7.2 torch2.9.1"],
            ["rocm7.1 torch2.9.1", "rocm7.1 torch2.10.0"],
            [("rocm7.2 torch2.9.1", ""), ("rocm7.1 torch2.9.1", "rocm7.1 torch2.10.0")],
        ),
        # of two that are as much alike, the one that is harder to win over: 2.10.0 wins over 2.1.0
        (
            ["rocm7.1 torch2.1.0", "rocm7.1 torch2.9.1"],
            ["rocm7.1 torch2.10.0"],
            [("rocm7.1 torch2.9.1", "rocm7.1 torch2.10.0"), ("rocm7.1 torch2.1.0", "")],
        ),
        # what takes the place of another version of the accelerator
        (
            ["rocm7.1 torch2.9.1"],
            ["rocm7.2 torch2.10.0"],
            [("rocm7.1 torch2.9.1", "rocm7.2 torch2.10.0")],
        ),
    ],
)
def test_how_stacks_are_paired(
    before: list[str], after: list[str], pairs: list[tuple[str, str]]
) -> None:
    """Whatever the order in which they are declared."""

    def family(words: Iterable[str]) -> Evaluation:
        stacks = [
            locked_stack(
                "rocm", f"el9.6 {each}", {("demo", "1"): f"3_el9.6_{each.replace(' ', '_')}"}
            )
            for each in words
        ]
        return Evaluation(name="x", lock=Lock(stacks=tuple(stacks)))

    def segment_texts(tag: str) -> str:
        return tag.removeprefix("3_el9.6_").replace("_", " ")

    for old in (before, before[::-1]):
        for new in (after, after[::-1]):
            changes = compare(family(old), family(new), []).changes
            assert [tuple(map(segment_texts, before_and_after(each))) for each in changes] == pairs


@pytest.mark.parametrize(
    ("stays", "remedy"),
    [
        (False, "add a changelog entry, or run `fromager-build-tags bump`"),
        (
            True,
            "publish each stack to its own index: a changelog entry, as `fromager-build-tags bump` "
            "adds it, also raises the wheels of cuda13.0 torch2.9.1, which stays",
        ),
    ],
)
def test_no_entry_sorts_above_a_stack_that_stays(*, stays: bool, remedy: str) -> None:
    """The number of a package is the same on each stack."""

    def family(*torches: str) -> Evaluation:
        stacks = [
            locked_stack(
                "cuda",
                f"cuda13.0 torch{torch}",
                {("demo", "1"): f"3_cuda13.0_torch{torch}"},
            )
            for torch in torches
        ]
        return Evaluation(name="x", lock=Lock(stacks=tuple(stacks)))

    head = family("2.9.1", "2.10.0") if stays else family("2.10.0")
    [finding] = review_findings(compare(family("2.9.1"), head, []), {})
    assert (finding.code, finding.remedy) == ("BT201", remedy)


def test_versions_are_compared_however_they_are_spelled() -> None:
    base = side("base", {"demo 2.8.3+rocm7.1": "1_a", "demo 2.8.2": "1_a", "demo 2.8.2+cpu": "1_a"})
    head = side("head", {"demo 2.8.3.0": "1_a", "demo 2.8.2": "2_a"})
    entry = Cause(
        what="x", place=Place(file="y"), package="demo", version="2.8.2.0", of_number=True
    )
    review = compare(base, head, [entry])
    assert [(each.version, each.causes) for each in review.changes] == [("2.8.2", (entry,))]
    assert review.counted == {"rocm": 1}


def test_real_wheels_are_counted_where_they_are_known() -> None:
    base = side("base", {"* *": "1_a", "torch *": "1_b"})
    head = side("head", {"* *": "1_a", "torch *": "1_c"})
    real = [Wheels("torch", "2.9.1", files=3), Wheels("torch", "2.10.0"), Wheels("pillow", "12")]
    review = compare(base, head, [], real)
    assert review.counted == {"rocm": 5}
    found = [Wheels(each.package, each.version, files=each.files) for each in review.changes]
    assert found == real[:2]
    assert not any(each.is_open for each in review.changes)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("2_el9.6", "2_el10.1", []),
        ("2_el9.6", "2_?", []),
        ("2_el9.6", "3_el10.1", [("2", "3")]),
        ("2_el9.6", "1_el9.6", [("2", "1")]),
        ("2_el9.6", "-", [("2", "-")]),
        ("-", "2_el9.6", [("-", "2")]),
    ],
)
def test_a_pure_python_wheel_has_no_segments(
    before: str, after: str, changes: list[tuple[str, str]]
) -> None:
    real = [Wheels("demo", "1", purelib=True)]
    review = compare(side("base", {"demo 1": before}), side("head", {"demo 1": after}), [], real)
    assert [before_and_after(each) for each in review.changes] == changes
    assert {each.wheel for each in review.changes} <= {"demo 1 (pure Python)"}
    assert list(review.unknown) == []


# a tree that is equal on both sides reviews to nothing

_KEYS = st.tuples(st.sampled_from([ANY, "a", "b"]), st.sampled_from([ANY, "1", "2"]))
_LABELS = ["el9.6 cuda12.9", "el9.6 cuda13.0", "el10.1 cuda13.0"]
_STACKS = st.builds(
    LockedStack,
    variant=st.sampled_from(["cuda", "cuda-ubi9"]),
    key=st.sampled_from(_LABELS).map(StackKey.parse),
    tags=st.dictionaries(_KEYS, (TAGS | st.sampled_from(["-", "1_?"])).map(build_tag), max_size=5),
)


@given(st.lists(_STACKS, max_size=5, unique_by=lambda each: (each.variant, each.key)))
def test_equal_sides_review_to_nothing(stacks: list[LockedStack]) -> None:
    """In whatever order they are declared, and even where an index is shared."""
    base = Evaluation(name="base", lock=Lock(stacks=tuple(stacks)))
    head = Evaluation(name="head", lock=Lock(stacks=tuple(reversed(stacks))))
    review: Review = compare(base, head, [])
    assert review.changes == []
    assert all(each.code == "BT209" for each in review_findings(review, {"cuda": "rocm"}))
    assert all(each.severity.value == "note" for each in review_findings(review, {"cuda": "rocm"}))
    assert review.by_cause() == []
