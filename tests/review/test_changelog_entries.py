"""``bump``: entries in the right files, and every other byte as it was."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import types
from collections.abc import Callable, Mapping

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.commands import main
from fromager_build_tags.errors import EditError
from fromager_build_tags.plan.locked_tags import ANY, Lock, Row
from fromager_build_tags.plan.lockfile import format_tag
from fromager_build_tags.review.change import Change
from fromager_build_tags.review.changelog_entries import (
    Edit,
    changelog_edits,
    missing_entries,
    package_entries,
    variant_entries,
    write_edits,
)
from fromager_build_tags.review.compare import compare
from fromager_build_tags.review.snapshot import Evaluation, Layout

from ..conftest import Cli
from ..repositories import Checkout
from ..tag.test_order import TAGS
from ..trees import GOOD, ROCM, ROCM_FILE, SETTINGS, SETTINGS_FILE, TORCH, TORCH_FILE
from .tags import build_tag, locked_stack, tag_or_none

FLASH_FILE = "settings/packages/flash_attn.yaml"
FLASH = 'changelog:\n  "2.8.3":\n    - first\n'
BASE = {**GOOD, FLASH_FILE: FLASH}
NEXT = "Next: git diff, then commit\n"
NOTHING = "nothing to add: every renamed wheel already sorts above the old one"
#: 2.10.0 sorts below 2.9.1.
NEW_TORCH = {ROCM_FILE: ROCM.replace("2.9.1", "2.10.0")}
LAYOUT = Layout(
    settings_file=pathlib.PurePath(SETTINGS_FILE),
    settings_dir=pathlib.PurePath("settings/packages"),
    variants_dir=pathlib.PurePath("settings/variants"),
    patches_dir=pathlib.PurePath("patches"),
    lock_file=pathlib.PurePath("settings/build-tags.lock"),
)


def change(
    before: str, after: str, *, variant: str = "rocm", package: str = "demo", version: str = "1"
) -> Change:
    return Change(
        variant=variant,
        package=package,
        version=version,
        before=tag_or_none(before),
        after=tag_or_none(after),
    )


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        ("8_a", "8_b", 0),
        ("8_a", "8_a", 0),
        ("8_b", "8_a", 1),
        ("8_b", "7_c", 1),
        ("8_b", "7_b", 2),  # with one more it would have the name of the old wheel
        ("8_b", "5_a", 4),
        ("8_b", "9_a", 0),
        ("8", "7_a", 1),
        ("8_a", "8", 1),
        ("", "8", 0),
        ("8", "", 0),
        ("8", "-", 9),
        ("8_a", "-", 9),
        ("8_?", "-", 9),
        ("-", "-", 0),
        ("8_?", "8_a", 0),
        ("8_a", "8_?", 0),
        ("8_?", "9_?", 0),
        ("8_?", "7_?", 2),
        ("8_?", "7_a", 2),
        ("8_a", "7_?", 2),
    ],
)
def test_missing_entries(before: str, after: str, missing: int) -> None:
    assert missing_entries(change(before, after)) == missing


@given(TAGS, TAGS)
def test_missing_entries_are_enough_and_no_more(before: str, after: str) -> None:
    missing = missing_entries(change(before, after))
    old, new = build_tag(before).sort_key, build_tag(after).sort_key
    assert (missing > 0) == (new < old)
    if missing:
        assert (new[0] + missing, new[1]) > old
        assert (new[0] + missing - 1, new[1]) <= old


def test_a_package_gets_what_the_worst_variant_lacks() -> None:
    found = [
        change("8_b", "8_a"),
        change("8_b", "5_a", variant="cuda"),
        change("8_b", "5_a", package=ANY, version=ANY),
        change("8_b", "1_a", version=ANY),
        change("8_a", "8_b", package="fine"),
    ]
    assert package_entries(found) == {("demo", "1"): 4}
    assert variant_entries(found) == {("", "rocm"): 8, ("", "cuda"): 4}


_KEYS = st.tuples(st.sampled_from([ANY, "a", "b"]), st.sampled_from([ANY, "1", "2"]))
_VARIANTS = ("cuda", "rocm")


def _side(name: str, tables: Mapping[str, Mapping[Row, str]]) -> Evaluation:
    stacks = [locked_stack(variant, "el9.6", tags) for variant, tags in tables.items()]
    return Evaluation(name=name, lock=Lock(stacks=tuple(stacks)))


def _raised(text: str, more: int) -> str:
    old = build_tag(text)
    if old.number is None:
        return str(more) if more else text
    return f"{old.number + more}{old.suffix}"


_TAGS = TAGS | st.just("-")
#: What a changelog names, it names on every variant; what nothing names, every lock has.
_SIDES = st.tuples(
    st.tuples(_TAGS, _TAGS), st.dictionaries(_KEYS, st.tuples(_TAGS, _TAGS), max_size=6)
).map(
    lambda drawn: {
        variant: {key: tags[number] for key, tags in {(ANY, ANY): drawn[0], **drawn[1]}.items()}
        for number, variant in enumerate(_VARIANTS)
    }
)


@given(_SIDES, _SIDES)
def test_after_a_bump_no_wheel_that_is_named_sorts_below(
    base: dict[str, dict[Row, str]], head: dict[str, dict[Row, str]]
) -> None:
    """The entries raise a version on every variant, as fromager counts them."""
    before = compare(_side("base", base), _side("head", head), [])
    entries = package_entries(before.changes)
    bumped = {}
    for variant, tags in head.items():
        [stack] = _side("head", {variant: tags}).lock.stacks
        raised = {key: _raised(format_tag(stack.tag(*key)), more) for key, more in entries.items()}
        bumped[variant] = {**tags, **raised}
    after = compare(_side("base", base), _side("head", bumped), [])
    assert package_entries(after.changes) == {}
    assert not [each for each in after.changes if each.sorts_below and not each.is_open]


@given(_SIDES, _SIDES)
def test_after_a_global_bump_nothing_sorts_below(
    base: dict[str, dict[Row, str]], head: dict[str, dict[Row, str]]
) -> None:
    entries = variant_entries(compare(_side("base", base), _side("head", head), []).changes)
    bumped = {
        variant: {key: _raised(text, entries.get(("", variant), 0)) for key, text in tags.items()}
        for variant, tags in head.items()
    }
    after = compare(_side("base", base), _side("head", bumped), [])
    assert not [each for each in after.changes if each.sorts_below]


OPEN = (
    "on rocm, versions without a changelog entry sort below the wheels that they replace, so "
    "installers keep the old ones: "
)
PASS_THE_WHEELS = (
    "if such wheels exist, pass them to review and bump with --graph or --index, or rebuild the "
    "whole variant with `fromager-build-tags bump --global`"
)


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> Checkout:
    return Checkout.create(tmp_path, BASE)


def test_a_new_torch(cli: Cli, checkout: Checkout) -> None:
    checkout.write(NEW_TORCH)
    assert "error BT201: flash-attn 2.8.3 on rocm" in cli("review", status=1).stdout
    result = cli("bump", "-m", "rebuild against Torch 2.10.0")
    assert result.stdout == (
        f"--- a/{FLASH_FILE}\n"
        f"+++ b/{FLASH_FILE}\n"
        "@@ -1,3 +1,4 @@\n"
        " changelog:\n"
        '   "2.8.3":\n'
        "     - first\n"
        '+    - "rebuild against Torch 2.10.0"\n'
    )
    assert result.stderr == f"{OPEN}flash-attn; {PASS_THE_WHEELS}\n{NEXT}"
    assert (checkout.folder / FLASH_FILE).read_text() == (
        FLASH + '    - "rebuild against Torch 2.10.0"\n'
    )
    reviewed = cli("review").stdout
    assert "error" not in reviewed
    assert "3_el9.6_rocm7.1_torch2.10.0" in reviewed
    assert cli("bump").stderr.startswith(f"{NOTHING}\n")


def test_packages_whose_changelog_names_no_version(cli: Cli, checkout: Checkout) -> None:
    """bump writes the missing entries, and reports the packages that it cannot change."""
    tied = "annotations: {build-tags.depends-on: torch}\n"
    files = {f"settings/packages/{name}.yaml": tied for name in ("demo", "other")}
    checkout.commit(files)
    checkout.write(NEW_TORCH)
    below = f"BT201: {OPEN}"
    assert findings(cli, status=1)[1:] == [f"{below}demo, other", f"{below}flash-attn"]
    result = cli("bump", "-m", "x", status=1)
    assert (checkout.folder / FLASH_FILE).read_text() == f'{FLASH}    - "x"\n'
    assert result.stderr == (
        f"{OPEN}demo, other; {PASS_THE_WHEELS}\n{OPEN}flash-attn; {PASS_THE_WHEELS}\n"
    )
    assert findings(cli, status=1) == [f"{below}demo, other", f"{below}flash-attn"]
    order = json.dumps([{"dist": name, "version": "1"} for name in ("demo", "other")])
    (checkout.folder / "order.json").write_text(order)
    cli("bump", "--graph", "order.json", "-m", "x")
    report = json.loads(cli("review", "--format", "json").stdout)
    assert [each["severity"] for each in report["findings"]] == ["note"]
    assert findings(cli) == [f"{below}demo, flash-attn, other"]


def test_an_entry_for_the_variant_covers_packages_without_a_version_in_their_changelog(
    cli: Cli, checkout: Checkout
) -> None:
    demo = "settings/packages/demo.yaml"
    checkout.commit({demo: "annotations: {build-tags.depends-on: torch}\n"})
    checkout.write(NEW_TORCH)
    assert cli("bump", "--global", "-m", "x").stderr == NEXT
    assert [each.split(":")[0] for each in findings(cli)] == ["BT204"]


def test_once_for_all(cli: Cli, checkout: Checkout) -> None:
    checkout.write(NEW_TORCH)
    result = cli("bump", "--global", "-m", 'Torch "2.10.0": é')
    assert (checkout.folder / SETTINGS_FILE).read_text() == (
        SETTINGS + '    - "Torch \\"2.10.0\\": é"\n'
    )
    assert result.stderr == NEXT
    assert (checkout.folder / FLASH_FILE).read_text() == FLASH
    reviewed = cli("review").stdout
    assert "BT201" not in reviewed
    assert "BT204" in reviewed


def test_a_dry_run_shows_and_writes_nothing(cli: Cli, checkout: Checkout) -> None:
    checkout.write(NEW_TORCH)
    cli("lock")
    before = {path: path.read_bytes() for path in checkout.folder.rglob("*") if path.is_file()}
    shown = cli("bump", "--dry-run", "-m", "x").stdout
    after = {path: path.read_bytes() for path in checkout.folder.rglob("*") if path.is_file()}
    assert after == before
    assert cli("bump", "-m", "x").stdout.startswith(shown)


def test_without_a_reason_and_without_a_person(cli: Cli, checkout: Checkout) -> None:
    checkout.write(NEW_TORCH)
    result = cli("bump", status=2)
    assert result.stderr.endswith(
        "Error: -m/--message is required: the text of the changelog entries\n"
    )
    assert (checkout.folder / FLASH_FILE).read_text() == FLASH


def test_a_person_is_asked(cli: Cli, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout.write(NEW_TORCH)
    asked: list[str] = []

    def answer(text: str, *, err: bool) -> str:
        asked.append(text)
        return "since"

    monkeypatch.setattr(click, "prompt", answer)
    monkeypatch.setattr("fromager_build_tags.commands.bump.sys", _terminal())
    cli("bump")
    assert asked == ["Text of the changelog entries"]
    assert (checkout.folder / FLASH_FILE).read_text() == f'{FLASH}    - "since"\n'


def _terminal() -> object:
    class Terminal:
        class stdin:  # noqa: N801 - as in sys
            @staticmethod
            def isatty() -> bool:
                return True

    return Terminal


ODD_FILES = [
    # comments, order, quotes, indentation
    (
        "# why\nenv:   {B: '1',  A: \"2\"}  # odd\n\nchangelog:\n"
        "      '2.8.3':   # the newest\n      -   'first'   # entry\n\n# end\nbuild_dir: x\n",
        "      -   'first'   # entry\n",
        '      - "x"\n',
    ),
    (FLASH.replace("\n", "\r\n"), "    - first\r\n", '    - "x"\r\n'),
    (FLASH.rstrip("\n"), "    - first", '\n    - "x"\n'),
    ('changelog:\n  2.8.3: ["first"]\n', '"first"', ', "x"'),
    # another spelling of the version is the same version
    ("changelog:\n  2.8.3.0:\n    - first\n", "    - first\n", '    - "x"\n'),
    # an alias, which is not what is added to
    (
        "env: &e\n  A: '1'\nchangelog:\n  2.8.3:\n    - first\nvariants:\n  rocm:\n    env: *e\n",
        "    - first\n",
        '    - "x"\n',
    ),
]


@pytest.mark.parametrize(("text", "after", "added"), ODD_FILES)
def test_every_other_byte_stays(
    cli: Cli, tmp_path: pathlib.Path, text: str, after: str, added: str
) -> None:
    checkout = Checkout.create(tmp_path, {**BASE, FLASH_FILE: text})
    checkout.write(NEW_TORCH)
    cli("bump", "-m", "x")
    assert (tmp_path / FLASH_FILE).read_bytes().decode() == text.replace(after, after + added, 1)
    assert "error" not in cli("review").stdout


def test_the_mode_of_the_file_stays(cli: Cli, checkout: Checkout) -> None:
    path = checkout.folder / FLASH_FILE
    path.chmod(0o640)
    checkout.write(NEW_TORCH)
    cli("bump", "-m", "x")
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_text().endswith('- "x"\n')


def test_a_package_without_a_file_gets_one(cli: Cli, checkout: Checkout) -> None:
    """A version that an index has, and no changelog knows."""
    (checkout.folder / "wheels").mkdir()
    for name in ("flash_attn-2.8.2-1_el9.6_rocm7.1_torch2.9.1", "flash_attn-2.8.3-2_el9.6"):
        (checkout.folder / f"wheels/{name}-cp312-cp312-linux_x86_64.whl").touch()
    (checkout.folder / "wheels/broken.whl").touch()
    checkout.commit({FLASH_FILE: None})
    checkout.write(NEW_TORCH)
    assert "BT201: flash-attn 2.8.2" in cli("review", "--index", "wheels", status=1).stdout
    cli("bump", "--index", "wheels", "-m", "x")
    assert (checkout.folder / FLASH_FILE).read_text() == (
        'changelog:\n  "2.8.2":\n    - "x"\n  "2.8.3":\n    - "x"\n'
    )
    result = cli("review", "--index", "wheels")
    assert "error" not in result.stdout
    assert result.stderr == "wheels/broken.whl is not counted: it has no name of a wheel\n"


def test_a_new_file_is_announced(cli: Cli, checkout: Checkout) -> None:
    """What that means beside the number, even of a dry run."""
    (checkout.folder / "wheels").mkdir()
    for name in ("flash_attn-2.8.2-1_el9.6", "flash_attn-2.8.3-2_el9.6"):
        (checkout.folder / f"wheels/{name}-cp312-cp312-linux_x86_64.whl").touch()
    checkout.commit({FLASH_FILE: None})
    checkout.write(NEW_TORCH)
    new = (
        f"{FLASH_FILE} is new: from now on fromager treats the package as customized, and does not "
        "use the metadata of the package index for it\n"
    )
    assert cli("bump", "--index", "wheels", "-m", "x", "--dry-run").stderr == new
    assert cli("bump", "--index", "wheels", "-m", "x").stderr == f"{new}{NEXT}"
    checkout.write({ROCM_FILE: ROCM.replace("2.9.1", "2.11.0")})
    assert cli("bump", "--index", "wheels", "-m", "x").stderr == f"{NOTHING}\n"


def test_pure_python_wheels_need_no_entry(cli: Cli, checkout: Checkout) -> None:
    """A new distribution is in the names of those for a platform only; each file counts."""
    (checkout.folder / "wheels").mkdir()
    for name in (
        "demo-1-1-py3-none-any",
        "pillow-12-1_el9.6-cp312-cp312-linux_x86_64",
        "pillow-12-1_el9.6-cp313-cp313-linux_x86_64",
        "mixed-1+local-1-py3-none-any",
        "mixed-1+local-1_el9.6-cp312-cp312-linux_x86_64",
    ):
        (checkout.folder / f"wheels/{name}.whl").touch()
    checkout.write({ROCM_FILE: ROCM.replace("el9.6", "el10.1")})
    reviewed = cli("review", "--index", "wheels", status=1).stdout
    assert "\nrocm (el10.1 rocm7.1 torch2.9.1): 3 wheels renamed\n" in reviewed
    assert "BT201: pillow 12 on rocm" in reviewed
    assert cli("review", "--index", "wheels", "--max-rebuilds=2", status=1).stderr == (
        "Error: 3 wheels rebuilt, more than 2\n"
        "Next: fromager-build-tags bump -m TEXT with the same --graph and --index\n"
    )
    order = json.dumps([{"dist": "demo", "version": "1.0"}, {"dist": "other", "version": "1"}])
    checkout.write({"order.json": order})
    both = cli("review", "--index", "wheels", "--graph", "order.json", status=1).stdout
    assert "\nrocm (el10.1 rocm7.1 torch2.9.1): 4 wheels renamed\n" in both
    cli("bump", "--index", "wheels", "-m", "x")
    packages = {path.name for path in (checkout.folder / "settings/packages").iterdir()}
    assert packages == {"flash_attn.yaml", "torch.yaml", "pillow.yaml", "mixed.yaml"}
    assert "error" not in cli("review", "--index", "wheels").stdout


def test_a_file_that_is_spelled_otherwise(cli: Cli, tmp_path: pathlib.Path) -> None:
    odd = "settings/packages/Flash-Attn.yaml"
    checkout = Checkout.create(tmp_path, {**GOOD, odd: FLASH})
    checkout.write(NEW_TORCH)
    cli("bump", "-m", "x")
    assert (tmp_path / odd).read_text() == f'{FLASH}    - "x"\n'
    assert "error" not in cli("review").stdout


def test_a_version_that_is_spelled_twice_is_raised_where_fromager_reads_it(
    cli: Cli, tmp_path: pathlib.Path
) -> None:
    twice = f'{FLASH}  "2.8.3.0":\n    - other\n'
    checkout = Checkout.create(tmp_path, {**GOOD, FLASH_FILE: twice})
    checkout.write(NEW_TORCH)
    cli("bump", "-m", "x")
    assert (tmp_path / FLASH_FILE).read_text() == f'{twice}    - "x"\n'
    assert "error" not in cli("review").stdout


REASON = "unknown key 'no_key'; fix the file; until then its wheels are not compared"
UNREAD = f"{FLASH_FILE}:2: {REASON}\n"


def test_what_cannot_be_read_may_miss_entries(cli: Cli, checkout: Checkout) -> None:
    checkout.write({FLASH_FILE: "env: {}\nno_key: 1\n"})
    assert cli("bump", "-m", "x", status=1).stderr == f"the working tree: {UNREAD}"
    assert cli("bump", "--global", "-m", "x", status=1).stderr == f"the working tree: {UNREAD}"


def test_an_unreadable_file_of_the_base_is_no_failure(cli: Cli, checkout: Checkout) -> None:
    commit = checkout.commit({FLASH_FILE: "env: {}\nno_key: 1\n"})
    checkout.write({FLASH_FILE: FLASH})
    assert cli("bump", commit, "-m", "x").stderr == f"{commit[:12]}: {UNREAD}"


def test_the_lock_is_made_again(cli: Cli, checkout: Checkout) -> None:
    cli("lock")
    checkout.commit({})
    checkout.write(NEW_TORCH)
    assert cli("bump", "-m", "x").stderr.startswith("settings/build-tags.lock is written\n")
    cli("lock", "--check")
    assert "error" not in cli("review").stdout


ORDER = json.dumps([{"dist": "flash-attn", "version": each} for each in ("2.8.2", "2.8.1")])


@pytest.mark.parametrize("renewed", [False, True])
def test_what_only_the_lock_names_is_raised_and_stays_in_it(
    cli: Cli, checkout: Checkout, renewed: bool
) -> None:
    """Rows of a graph, which is not at hand any more; perhaps not in the head's lock, either."""
    checkout.write({"order.json": ORDER})
    cli("lock", "--graph", "order.json")
    checkout.commit({"order.json": None})
    checkout.write(NEW_TORCH)
    if renewed:
        cli("lock")
        assert "BT201: flash-attn 2.8.2" in cli("review", status=1).stdout
    cli("bump", "-m", "x")
    assert (checkout.folder / FLASH_FILE).read_text() == (
        f'{FLASH}    - "x"\n  "2.8.1":\n    - "x"\n  "2.8.2":\n    - "x"\n'
    )
    lock = (checkout.folder / "settings/build-tags.lock").read_text()
    assert [line for line in lock.splitlines() if line.startswith("  flash-attn 2")] == [
        "  flash-attn 2.8.1 2_el9.6_rocm7.1_torch2.10.0",
        "  flash-attn 2.8.2 2_el9.6_rocm7.1_torch2.10.0",
        "  flash-attn 2.8.3 3_el9.6_rocm7.1_torch2.10.0",
    ]
    assert "error" not in cli("review").stdout
    assert "error" not in cli("review", "--no-lock").stdout
    assert cli("bump", "-m", "x").stderr.startswith(f"{NOTHING}\n")


@pytest.mark.parametrize("locked", [False, True])
def test_a_local_version_is_raised_under_the_public_one(
    cli: Cli, checkout: Checkout, locked: bool
) -> None:
    """fromager leaves the local part out: an entry under it would never be read."""
    order = json.dumps([{"dist": "flash-attn", "version": "2.8.3+rocm7.1"}])
    (checkout.folder / "order.json").write_text(order)
    if locked:
        cli("lock", "--graph", "order.json")
        checkout.commit({})
    checkout.write(NEW_TORCH)
    args = [] if locked else ["--graph", "order.json"]
    cli("bump", *args, "-m", "x")
    assert (checkout.folder / FLASH_FILE).read_text() == f'{FLASH}    - "x"\n'
    assert cli("bump", *args, "-m", "x").stderr.startswith(f"{NOTHING}\n")
    assert "error" not in cli("review", *args).stdout


def test_the_rows_of_a_graph_stay_in_the_lock(cli: Cli, checkout: Checkout) -> None:
    order = json.dumps([{"dist": "pillow", "version": "12.2.0"}])
    checkout.write({"order.json": order})
    cli("lock", "--graph", "order.json")
    checkout.commit({})
    checkout.write(NEW_TORCH)
    cli("bump", "-m", "x")
    cli("lock", "--check", "--graph", "order.json")


def test_the_tags_of_the_base_are_those_of_its_lock(
    cli: Cli, checkout: Checkout, set_override: Callable[..., None]
) -> None:
    """As for review: the overrides that are installed now did not make those wheels."""
    cli("lock")
    checkout.commit({})

    def wheel_build_tag(
        *, ctx: object, req: object, version: object, wheel_tags: object
    ) -> list[tuple[int, str]]:
        return [(2, "a")]

    module = types.ModuleType("acme")
    module.wheel_build_tag = wheel_build_tag  # type: ignore[attr-defined]
    set_override("flash_attn", module)
    cli("bump", "-m", "x")
    assert (checkout.folder / FLASH_FILE).read_text() == f'{FLASH}    - "x"\n'
    assert "error" not in cli("review").stdout


def test_the_lock_is_made_again_within_fromager(cli: Cli, checkout: Checkout) -> None:
    """fromager has read the settings before they were edited."""
    cli("lock")
    checkout.commit({})
    checkout.write(NEW_TORCH)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "fromager",
            "--settings-file",
            SETTINGS_FILE,
            "--settings-dir",
            "settings/packages",
            "build-tags",
            "bump",
            "-m",
            "x",
        ],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = (checkout.folder / "settings/build-tags.lock").read_text()
    assert "  flash-attn 2.8.3 3_el9.6_rocm7.1_torch2.10.0\n" in text


def test_a_number_that_fell(cli: Cli, checkout: Checkout) -> None:
    """One entry more than were taken away: the old wheel's name is taken."""
    checkout.commit({FLASH_FILE: FLASH + "    - second\n    - third\n"})
    checkout.write({FLASH_FILE: FLASH})
    cli("bump", "-m", "put back")
    assert (checkout.folder / FLASH_FILE).read_text() == FLASH + '    - "put back"\n' * 3
    assert changed_tags(cli) == [("4_el9.6_rocm7.1_torch2.9.1", "5_el9.6_rocm7.1_torch2.9.1")]


def test_a_number_that_went_away(cli: Cli, checkout: Checkout) -> None:
    """Packages are raised above what they were; what nothing names, only with the variant."""
    no_entries = {SETTINGS_FILE: SETTINGS.split("changelog:")[0], FLASH_FILE: "env: {}\n"}
    checkout.write(no_entries)
    reviewed = cli("review", status=1).stdout
    assert "1_el9.6_rocm7.1_torch2.9.1  -                number gone\n" in reviewed
    assert "error BT202: flash-attn 2.8.3 on rocm has no build number any more" in reviewed
    assert cli("bump", "-m", "put back", status=1).stderr == (
        "on rocm, versions without a changelog entry have no build number any more: fromager adds "
        "no suffix and accepts any wheel, and installers prefer the old wheel 1_el9.6: every other "
        "package, flash-attn, torch; restore the entries and add one that gives the reason, or "
        "rebuild the whole variant with `fromager-build-tags bump --global`\n"
    )
    assert (checkout.folder / FLASH_FILE).read_text() == (
        'env: {}\nchangelog:\n  "2.8.3":\n' + '    - "put back"\n' * 3
    )
    named = [each for each in findings(cli, status=1) if "flash-attn 2.8.3" in each]
    assert named == []
    checkout.write(no_entries)
    cli("bump", "--global", "-m", "put back")
    assert (
        (checkout.folder / SETTINGS_FILE)
        .read_text()
        .endswith("changelog:\n  rocm:\n" + '    - "put back"\n' * 3)
    )
    assert findings(cli) == [
        "BT204: changelog.rocm 1 → 3 entries rebuilds 2 of 2 packages of rocm "
        "and every other package"
    ]


def test_a_package_that_is_pre_built_now_needs_no_entry(cli: Cli, checkout: Checkout) -> None:
    checkout.write({FLASH_FILE: f"{FLASH}variants: {{rocm: {{pre_built: true}}}}\n"})
    assert [each.split(":")[0] for each in findings(cli)] == ["BT206", "BT206"]
    assert cli("bump", "-m", "x").stderr == f"{NOTHING}\n"


def findings(cli: Cli, status: int = 0) -> list[str]:
    report = json.loads(cli("review", "--format", "json", status=status).stdout)
    return [f"{each['code']}: {each['message']}" for each in report["findings"]]


def changed_tags(cli: Cli) -> list[tuple[str, str]]:
    report = json.loads(cli("review", "--format", "json").stdout)
    return [(each["before"], each["after"]) for each in report["changes"]]


def test_a_file_that_changed_meanwhile(tmp_path: pathlib.Path) -> None:
    """Nothing is written, the other files neither."""
    checkout = Checkout.create(tmp_path, BASE)
    missing = {("flash-attn", "2.8.3"): 1, ("torch", "2.9.1"): 2}
    edits, _ = changelog_edits(LAYOUT.mapped(tmp_path.joinpath), missing, "x")
    assert [edit.path.name for edit in edits] == ["flash_attn.yaml", "torch.yaml"]
    checkout.write({TORCH_FILE: TORCH + "# changed\n"})
    with pytest.raises(EditError) as caught:
        write_edits(edits)
    assert str(caught.value) == (
        f"{tmp_path / TORCH_FILE} changed in the meantime; nothing is written: try again"
    )
    assert (tmp_path / FLASH_FILE).read_text() == FLASH


def test_a_file_that_appeared_meanwhile(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new.yaml"
    path.write_text("")
    write_edits([Edit(path=path, before="", after="a: 1\n")])
    with pytest.raises(EditError):
        write_edits([Edit(path=path, before="", after="a: 2\n")])
    assert path.read_text() == "a: 1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "changelog: {2.8.3: [a]",
            "the file cannot be read because PATH:1 is not valid YAML: expected ',' or '}', but "
            "got '<stream end>', while parsing a flow mapping",
        ),
        (
            "changelog:\n  2.8.3: text\n",
            "changelog.2.8.3 cannot be added: it is not a list: 'text'",
        ),
        (
            "changelog: text\n",
            "changelog.2.8.3 cannot be added: 'text' is not a mapping",
        ),
    ],
)
def test_a_file_that_nothing_can_be_added_to(
    tmp_path: pathlib.Path, text: str, message: str
) -> None:
    checkout = Checkout.create(tmp_path, {FLASH_FILE: text})
    path = tmp_path / FLASH_FILE
    missing = {("flash-attn", "2.8.3"): 2, ("torch", "2.9.1"): 1}
    edits, [by_hand] = changelog_edits(LAYOUT.mapped(tmp_path.joinpath), missing, "x")
    shown = message.replace("PATH", str(path))
    assert by_hand == f"flash-attn 2.8.3 needs 2 entries more in {path}: {shown}"
    assert [edit.path.name for edit in edits] == ["torch.yaml"]
    assert (checkout.folder / FLASH_FILE).read_text() == text


TIED = "annotations: {build-tags.depends-on: torch}\n"
BY_HAND = "edit the file by hand"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('changelog: {"2.8.2": &first [a], "2.8.3": *first}\n', BY_HAND),
        ('changelog:\n  "2.8.3": &first\n    - a\n  "2.8.2": *first\n', BY_HAND),
        ('changelog:\n  ? "2.8.3"\n  : [a]\n', ""),
        ('changelog: !!map\n  "2.8.3": !!seq [a]\n', ""),
        ('{changelog: {"2.8.3": [a]}}', ""),
    ],
)
def test_one_file_that_cannot_be_edited(
    cli: Cli, tmp_path: pathlib.Path, text: str, reason: str
) -> None:
    """The entries of the other packages are written; what is left to do is printed."""
    base = {**BASE, FLASH_FILE: text.replace("[a]", "[a, b]").replace("- a\n", "- a\n    - b\n")}
    checkout = Checkout.create(tmp_path, base)
    demo = "settings/packages/demo.yaml"
    checkout.commit({demo: FLASH.replace("2.8.3", "1") + TIED})
    checkout.write({**NEW_TORCH, FLASH_FILE: text})
    result = CliRunner().invoke(main, ["bump", "-m", "x"])
    assert '    - first\n    - "x"\n' in (tmp_path / demo).read_text()
    if not reason:
        assert (tmp_path / FLASH_FILE).read_text() == text.replace("a]", 'a, "x", "x"]')
        assert result.exit_code == 0
    else:
        assert (tmp_path / FLASH_FILE).read_text() == text
        assert f"flash-attn 2.8.3 needs 2 entries more in {FLASH_FILE}: " in result.stderr
        assert reason in result.stderr
        assert result.exit_code == 1


def test_no_entries_no_edits(tmp_path: pathlib.Path) -> None:
    assert changelog_edits(LAYOUT.mapped(tmp_path.joinpath), {}, "x") == ([], [])


def test_not_a_repository(cli: Cli, tmp_path: pathlib.Path) -> None:
    assert cli("bump", "-m", "x", status=1).stderr == (
        "Error: . is not in a git repository: bump compares with a git revision, so run it in a "
        "checkout\n"
    )


def test_a_dry_run_needs_no_message(cli: Cli, checkout: Checkout) -> None:
    checkout.write(NEW_TORCH)
    shown = cli("bump", "--dry-run").stdout
    assert shown == cli("bump", "-n", "-m", "the text of -m/--message").stdout
    assert '+    - "the text of -m/--message"\n' in shown


def test_a_package_with_two_files_is_not_edited(cli: Cli, tmp_path: pathlib.Path) -> None:
    """Fromager takes the last alone, so an entry in the first would do nothing."""
    other = "settings/packages/Flash-Attn.yaml"
    checkout = Checkout.create(tmp_path, {**BASE, other: FLASH})
    checkout.write(NEW_TORCH)
    folder = "settings/packages"
    assert cli("bump", "-m", "x", status=1).stderr.startswith(
        f"flash-attn 2.8.3 needs 1 entry more in {folder}: {folder}/Flash-Attn.yaml and "
        f"{folder}/flash_attn.yaml are all settings of flash-attn, and fromager uses the last one "
        "alone: merge them\n"
    )
    assert checkout.git("status", "--porcelain") == f"M {ROCM_FILE}"


@pytest.mark.parametrize("name", [FLASH_FILE, "settings/build-tags.lock"])
def test_a_read_only_file_keeps_all_from_being_written(
    cli: Cli, tmp_path: pathlib.Path, name: str
) -> None:
    checkout = Checkout.create(tmp_path, BASE)
    cli("lock")
    checkout.commit({})
    checkout.write(NEW_TORCH)
    path = checkout.folder / name
    path.chmod(0o444)
    assert cli("bump", "HEAD", "-m", "x", status=1).stderr == (
        f"Error: {name} is read-only: to allow the change, run chmod u+w {name}\n"
    )
    assert checkout.git("status", "--porcelain") == f"M {ROCM_FILE}"
    cli("bump", "HEAD", "-n", "-m", "x")
    path.chmod(0o644)
    cli("bump", "HEAD", "-m", "x")


def test_a_read_only_lock(cli: Cli, tmp_path: pathlib.Path) -> None:
    Checkout.create(tmp_path, GOOD)
    lock = tmp_path / "settings/build-tags.lock"
    lock.touch(0o444)
    assert cli("lock", status=1).stderr == (
        "Error: settings/build-tags.lock is read-only: to allow the change, run chmod u+w "
        "settings/build-tags.lock\n"
    )
    assert lock.read_text() == ""
