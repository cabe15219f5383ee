"""``show`` and ``explain``, on the settings tree that is shipped."""

from __future__ import annotations

import csv
import io
import json
import pathlib
import re
import shutil
import types
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from click.testing import CliRunner, Result
from packaging.version import Version

from fromager_build_tags import needs
from fromager_build_tags.commands import main
from fromager_build_tags.needs import depends_on
from fromager_build_tags.plan import scope
from fromager_build_tags.settings.layout import DEPENDS_ON

from ..repositories import Checkout

SETTINGS = pathlib.Path(__file__).parents[2] / "settings"

type Run = Callable[..., Result]


@pytest.fixture
def tree(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A copy of the shipped settings, in the current folder, without the lock of all overrides."""
    shutil.copytree(
        SETTINGS, tmp_path / "settings", ignore=shutil.ignore_patterns("build-tags.lock")
    )
    monkeypatch.chdir(tmp_path)
    two = {name: scope.shipped_overrides()[name] for name in ("torch", "flash_attn")}
    monkeypatch.setattr(scope, "shipped_overrides", lambda: two)
    return tmp_path / "settings"


@pytest.fixture
def run(tree: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "settings/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "settings/packages")

    def invoke(*args: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, args)
        assert result.exit_code == status, result.output
        return result

    return invoke


def test_show_a_variant(run: Run) -> None:
    assert run("--variant", "rocm", "show").stdout == (
        "rocm: el9.6 rocm7.1 torch2.10.0 (settings/variants/rocm.yaml)\n"
        "\n"
        "PACKAGE     VERSION  TAG                          SOURCE\n"
        "flash-attn  2.8.3    8_el9.6_rocm7.1_torch2.10.0  shipped override\n"
        "flash-attn  *        2_el9.6_rocm7.1_torch2.10.0  shipped override\n"
        "torch       2.9.1    8_el9.6_rocm7.1              shipped override\n"
        "torch       2.10.0   7_el9.6_rocm7.1              shipped override\n"
        "torch       *        2_el9.6_rocm7.1              shipped override\n"
        "  every package without settings or an override: 2_el9.6\n"
    )


def test_show_what_file_names_begin_with(run: Run) -> None:
    args = ("--variant", "rocm", "show", "--names", "flash-attn==2.8.3", "pillow")
    assert run(*args).stdout.splitlines()[2:] == [
        "PACKAGE     VERSION  TAG                          SOURCE            "
        "LABEL    PLATLIB WHEEL                                 PURELIB WHEEL",
        "flash-attn  2.8.3    8_el9.6_rocm7.1_torch2.10.0  shipped override  "
        "rocm7.1  flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0  flash_attn-2.8.3-8",
        "pillow      *        2_el9.6                      default           "
        "-        pillow-*-2_el9.6                              pillow-*-2",
    ]
    assert run(*args, "--format", "markdown").stdout.splitlines()[2:] == [
        "| Package | Version | Tag | Source | Label | Platlib wheel | Purelib wheel |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| `flash-attn` | `2.8.3` | `8_el9.6_rocm7.1_torch2.10.0` | shipped override "
        "| `rocm7.1` | `flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0` | `flash_attn-2.8.3-8` |",
        "| `pillow` | `*` | `2_el9.6` | default | `-` | `pillow-*-2_el9.6` | `pillow-*-2` |",
    ]
    for format_ in ("json", "csv"):
        without = [each for each in args if each != "--names"]
        assert run(*args, "--format", format_).stdout == run(*without, "--format", format_).stdout


TABLES = [
    ("rocm", "flash-attn==2.8.3", "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0"),
    ("rocm", "torch==2.10.0", "torch-2.10.0-7_el9.6_rocm7.1"),
    ("rocm", "torch==2.10.0+rocm7.1", "torch-2.10.0+rocm7.1-7_el9.6_rocm7.1"),
    ("rocm", "pillow==12.2.0", "pillow-12.2.0-2_el9.6"),
    ("cuda", "flash_attn==2.8.3", "flash_attn-2.8.3-8_fc43_cuda13.0_torch2.9.1"),
    ("cuda", "torch==2.9.1", "torch-2.9.1-8_fc43_cuda13.0"),
    ("cuda", "Pillow==12.2.0", "pillow-12.2.0-2_fc43"),
]


@pytest.mark.parametrize(("variant", "requirement", "stem"), TABLES)
def test_the_names_of_the_readme(run: Run, variant: str, requirement: str, stem: str) -> None:
    result = run("--variant", variant, "show", "--format", "json", requirement)
    [tag] = json.loads(result.stdout)["tags"]
    assert tag["platlib"] == stem


@pytest.mark.parametrize(
    ("requirement", "rows"),
    [
        ("demo", {"<0.29": "_torch2.10.0", "*": ""}),
        ("demo<0.29", {"<0.29": "_torch2.10.0"}),
        ("demo~=0.28.0", {">=0.28.0,<0.29": "_torch2.10.0"}),
        ("demo>=0.29", {"*": ""}),
        ("torch>=2", {"2.9.1": "", "2.10.0": "", "*": ""}),
    ],
)
def test_versions_that_nothing_names_have_a_row_for_each_tag(
    run: Run, tree: pathlib.Path, requirement: str, rows: dict[str, str]
) -> None:
    expression = "accelerator torch if version < 0.29 else accelerator"
    (tree / "packages/demo.yaml").write_text(
        f"annotations: {{build-tags.depends-on: '{expression}'}}\n"
    )
    result = run("--variant", "rocm", "show", "--format", "json", requirement)
    tags = {tag["version"]: tag["build_tag"] for tag in json.loads(result.stdout)["tags"]}
    assert {version: tag.partition("rocm7.1")[2] for version, tag in tags.items()} == rows


def test_a_pure_wheel_has_the_number_alone(run: Run) -> None:
    result = run("--variant", "rocm", "show", "--format", "json", "fromager==0.79.0")
    assert json.loads(result.stdout)["tags"][0]["purelib"] == "fromager-0.79.0-2"


def test_all_variants_in_every_format(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_DISTRO", "el9.6")
    args = ("show", "--all-variants", "torch==2.10.0", "--format")
    tags = ["7_el9.6_cpu", "7_el9.6_cuda13.0", "7_el9.6_rocm7.1"]
    records = json.loads(run(*args, "json").stdout)
    assert records["format_version"] == "2.3"
    assert [tag["build_tag"] for tag in records["tags"]] == tags
    assert [tag["label"] for tag in records["tags"]] == ["", "cuda13.0", "rocm7.1"]
    rows = list(csv.DictReader(io.StringIO(run(*args, "csv").stdout)))
    assert rows == records["tags"]
    assert run(*args, "markdown").stdout.splitlines()[:5] == [
        "### cpu: el9.6 cpu torch2.10.0 (settings/variants/cpu.yaml)",
        "",
        "| Package | Version | Tag | Source |",
        "| --- | --- | --- | --- |",
        "| `torch` | `2.10.0` | `7_el9.6_cpu` | shipped override |",
    ]
    assert run(*args, "table").stdout.count("PACKAGE") == 3


def test_what_is_not_declared_is_an_error_with_the_fix(run: Run) -> None:
    result = run("--variant", "cpu", "show", "torch==2.10.0", "pillow")
    assert result.stdout == (
        "cpu: cpu torch2.10.0 (settings/variants/cpu.yaml)\n"
        "\n"
        "PACKAGE  VERSION  TAG  SOURCE\n"
        "torch    2.10.0   7_?  shipped override\n"
        "pillow   *        2_?  default\n"
        "  torch 2.10.0, pillow *: the distribution of variant 'cpu' is unknown: this machine "
        "is not read (use --here); set WHEEL_BUILD_TAG_DISTRO, or distro in "
        "settings/variants/cpu.yaml\n"
    )
    assert "7_el9.6_cpu" in run("show", "torch==2.10.0", "--here").stdout


def test_one_wrong_variant_never_hides_the_next(run: Run, tree: pathlib.Path) -> None:
    (tree / "variants/cpu.yaml").write_text("distro: 9")
    (tree / "variants/tpu.yaml").write_text("distro: el9.6\naccelerator: tpu")
    result = run("show", "--all-variants", "pillow==1", "--format", "csv", status=1)
    assert [line.split(",")[2] for line in result.stdout.splitlines()[1:]] == [
        "cuda",
        "rocm",
        "tpu",
    ]
    assert result.stderr == (
        "Error: settings/variants/cpu.yaml:1: distro: 9 is not a text: quote it\n"
    )


def test_a_package_without_a_number_has_a_note_with_the_fix(run: Run, tree: pathlib.Path) -> None:
    (tree / "variants/tpu.yaml").write_text("distro: el9.6\naccelerator: tpu")
    notes = [
        tag["note"]
        for tag in json.loads(
            run("--variant", "tpu", "show", "--format", "json", "torch", "pillow==1").stdout
        )["tags"]
    ]
    note = (
        "no changelog entry: fromager assigns no build number and does not call the hook; "
        "add one to changelog.tpu in settings/settings.yaml, or to the package's own changelog in "
        "settings/packages"
    )
    assert notes == ["", "", note, note]
    table = run("--variant", "tpu", "show", "torch", "pillow==1").stdout
    assert table.count(note) == 1


def test_a_file_that_asks_for_nothing_gets_nothing(run: Run, tree: pathlib.Path) -> None:
    (tree / "nothing.txt").write_text("# nothing\n")
    (tree / "nothing.json").write_text("[]")
    for option in ("-r", "--build-order"):
        file = tree / ("nothing.txt" if option == "-r" else "nothing.json")
        tags = json.loads(run("show", option, str(file), "--format", "json").stdout)["tags"]
        assert tags == []


def test_a_pre_built_package_has_a_note(run: Run, tree: pathlib.Path) -> None:
    with (tree / "packages/torch.yaml").open("a") as file:
        file.write("variants: {rocm: {pre_built: true}}\n")
    result = run("--variant", "rocm", "show", "torch==2.10.0")
    assert (
        "  torch 2.10.0: pre-built for rocm: fromager keeps the wheel and its own tag"
        in result.stdout
    )


def test_a_specifier_chooses_of_the_versions_that_are_listed(run: Run) -> None:
    result = run("--variant", "rocm", "show", "--format", "csv", "torch>=2.10")
    assert [row.split(",")[1] for row in result.stdout.splitlines()[1:]] == ["2.10.0", "*"]


def test_packages_come_from_files(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "r.txt").write_text("# a comment\ntorch==2.10.0  # pinned\n")
    (tmp_path / "order.json").write_text(
        json.dumps([{"dist": "Pillow", "version": "12.2.0"}, {"dist": "pillow", "version": "9"}])
    )
    (tmp_path / "graph.json").write_text(json.dumps(_graph("flash-attn", "2.8.3")))
    files = ["-r", "r.txt", "--build-order", "order.json", "--graph", "graph.json"]
    result = run("--variant", "rocm", "show", "--format", "csv", *files)
    assert [tuple(row.split(",")[:2]) for row in result.stdout.splitlines()[1:]] == [
        ("torch", "2.10.0"),
        ("pillow", "9"),
        ("pillow", "12.2.0"),
        ("flash-attn", "2.8.3"),
    ]


def _graph(name: str, version: str) -> dict[str, Any]:
    from fromager.dependency_graph import DependencyGraph
    from fromager.requirements_file import RequirementType
    from packaging.requirements import Requirement

    graph = DependencyGraph()
    graph.add_dependency(
        parent_name=None,
        parent_version=None,
        req_type=RequirementType.TOP_LEVEL,
        req=Requirement(name),
        req_version=Version(version),
    )
    file = io.StringIO()
    graph.serialize(file)
    made: dict[str, Any] = json.loads(file.getvalue())
    return made


@pytest.mark.parametrize(
    ("args", "content", "message"),
    [
        (["torch=2"], "", "'torch=2' is not a requirement, such as torch==2.10.0\n"),
        (["torch===nightly"], "", "'torch===nightly' is not a requirement, such as torch==2.10.0"),
        ([f"torch>1.post{'9' * 4300}"], "", f"'torch>1.post{'9' * 100}"),
        (["-r", "f"], "x y", "f:1: 'x y' is not a requirement, such as torch==2.10.0\n"),
        (["--graph", "f"], "{", "f is neither fromager's graph.json nor its build-order.json "),
        (["--graph", "f"], "[1]", "f is neither fromager's graph.json nor its build-order.json "),
        (
            ["--graph", "f"],
            "{}",
            "f is neither fromager's graph.json nor its build-order.json: it has no ''\n",
        ),
        (
            ["--graph", "f"],
            '[{"dist": "torch"}]',
            "f is neither fromager's graph.json nor its build-order.json: it has no 'version'\n",
        ),
        (["-r", "f"], "\xff", "f is not UTF-8\n"),
        (["-o", "no/where"], "", "no/where cannot be written: No such file or directory"),
    ],
)
def test_bad_input_is_one_line(
    run: Run, tmp_path: pathlib.Path, args: Sequence[str], content: str, message: str
) -> None:
    (tmp_path / "f").write_bytes(content.encode("latin-1"))
    result = run("--variant", "rocm", "show", *args, status=1)
    assert result.stderr.startswith(f"Error: {message}")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_a_settings_tree_that_fromager_refuses(run: Run, tree: pathlib.Path) -> None:
    (tree / "packages/torch.yaml").write_text("unknown: key")
    result = run("show", status=1)
    assert result.stderr.startswith("Error: fromager cannot load the settings because ")
    assert "torch.yaml" in result.stderr


def test_an_output_file_is_replaced(run: Run, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    out.chmod(0o640)
    printed = run("--variant", "rocm", "show", "--format", "csv").stdout
    assert run("--variant", "rocm", "show", "--format", "csv", "-o", "out.csv").stdout == ""
    assert out.read_text() == printed
    assert out.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "settings"]


def test_colours_are_for_people_only(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    args = ("--variant", "rocm", "show", "torch==2.10.0")
    assert "7_\x1b[32mel9.6\x1b[0m" in run(*args).stdout
    assert "\x1b" not in run(*args, "--format", "json").stdout
    run(*args, "-o", "out.txt")
    assert "\x1b" not in pathlib.Path("out.txt").read_text()


def test_nothing_else_is_written(run: Run, tmp_path: pathlib.Path) -> None:
    run("--variant", "rocm", "show")
    run("--variant", "rocm", "explain", "torch")
    assert [path.name for path in tmp_path.iterdir()] == ["settings"]


def test_help_lists_the_commands_without_importing_them(run: Run) -> None:
    text = run("--help").stdout
    assert "explain  Show where each part of a build tag comes from." in text
    run("nonsense", status=2)


@pytest.mark.parametrize("command", main.list_commands(None))  # type: ignore[arg-type]
def test_help_shows_the_default_format(run: Run, command: str) -> None:
    text = run(command, "--help").stdout
    assert ("--format" in text) is ("[default: table]" in text)


def test_explain(run: Run) -> None:
    lines = run("--variant", "rocm", "explain", "torch==2.10.0").stdout.splitlines()
    assert lines[:6] == [
        "torch 2.10.0 on rocm: el9.6 rocm7.1 torch2.10.0 (settings/variants/rocm.yaml)",
        "",
        "  platlib wheel  torch-2.10.0-7_el9.6_rocm7.1",
        "  purelib wheel  torch-2.10.0-7",
        "  variant label  rocm7.1, in an index of all accelerators",
        "",
    ]
    assert "build number 7 = 2 + 5, changelog entries" in lines
    assert "  2 in changelog.rocm in settings/settings.yaml:16" in lines
    assert '  5 in changelog of "2.10.0" in settings/packages/torch.yaml:10' in lines
    assert "      2026-03-16: first build" in lines
    assert "  rocm7.1  the shipped override fromager_build_tags_overrides.torch" in lines
    who = lines.index("dependencies of torch (first match wins)")
    assert lines[who + 1 : who + 3] == [
        "  1 own override      none in fromager.project_overrides",
        "  2 annotation        no build-tags.depends-on in settings/packages/torch.yaml",
    ]
    assert lines[who + 3].startswith(
        "> 3 shipped override  'accelerator' in fromager_build_tags_overrides.torch ("
    )
    assert lines[-5:] == [
        "facts of the stack and their sources",
        "  distribution   el9.6, settings/variants/rocm.yaml:2",
        "  accelerator    rocm, the name of variant 'rocm'",
        "  rocm version   7.1, settings/variants/rocm.yaml:3",
        "  Torch version  2.10.0, settings/variants/rocm.yaml:4",
    ]


def test_explain_shows_which_annotation_matches(run: Run, tree: pathlib.Path) -> None:
    (tree / "packages/demo.yaml").write_text(
        f'annotations:\n  {DEPENDS_ON}: "torch"\n'
        f'variants:\n  rocm:\n    annotations:\n      {DEPENDS_ON}: "accelerator"\n'
    )
    of_cuda = run("--variant", "cuda", "explain", "demo").stdout
    assert "> 2 annotation        'torch' in settings/packages/demo.yaml:2\n" in of_cuda
    of_rocm = run("--variant", "rocm", "explain", "demo").stdout
    assert "> 2 annotation        'accelerator' in settings/packages/demo.yaml:6\n" in of_rocm


def test_explain_the_newest_version_or_any(run: Run) -> None:
    assert run("--variant", "rocm", "explain", "torch").stdout.startswith("torch 2.10.0 on rocm")
    any_version = run("--variant", "rocm", "explain", "pillow").stdout
    assert any_version.startswith("pillow * (versions without a changelog entry) on rocm")
    assert "> 4 default           distribution only" in any_version


@pytest.mark.parametrize(
    ("requirement", "spans"),
    [
        ("demo", ["<2", "*"]),
        ("demo<1.5", ["<1.5"]),
        ("demo>1", [">1,<2", "*"]),
        ("demo!=2", ["<2", ">=2.dev0,<=2,!=2", "*"]),
        ("demo~=2.1", [">=2.1,<3"]),
    ],
)
def test_explain_each_span_of_versions(
    run: Run, tree: pathlib.Path, requirement: str, spans: list[str]
) -> None:
    (tree / "packages/demo.yaml").write_text(
        f'annotations:\n  {DEPENDS_ON}: "torch if version < 2 else accelerator"\n'
    )
    lines = run("--variant", "rocm", "explain", requirement).stdout.splitlines()
    headings = [line.partition(" (")[0] for line in lines if line.startswith("demo ")]
    assert headings == [f"demo {span}" for span in spans]
    providers = [line.split()[0] for line in lines if line.endswith("else accelerator'")]
    assert providers == ["torch2.10.0" if "<2" in s or "<1" in s else "rocm7.1" for s in spans]


def test_a_version_may_be_a_date(run: Run, tree: pathlib.Path) -> None:
    (tree / "packages/demo.yaml").write_text(
        f'annotations:\n  {DEPENDS_ON}: "torch if version < 20260131 else accelerator"\n'
    )
    newest = run("--variant", "rocm", "explain", "demo").stdout.partition("\ndemo * ")[2]
    assert "  platlib wheel  demo-*-2_el9.6_rocm7.1\n" in newest
    assert "  rocm7.1  the annotation" in newest


def test_a_global_hook_may_distinguish_more_versions_than_an_expression(
    run: Run, tree: pathlib.Path, set_hooks: Callable[..., None]
) -> None:
    def generation(
        *, ctx: object, req: object, version: Version, wheel_tags: object
    ) -> list[tuple[int, str]]:
        return [(9, f"gen{min(version.major, 3)}")]

    set_hooks(needs.distribution, generation)
    (tree / "packages/demo.yaml").write_text(
        f'annotations:\n  {DEPENDS_ON}: "torch if version <= 2 else none"\n'
    )
    text = run("--variant", "rocm", "explain", "demo==2.5").stdout
    assert re.findall("^  (gen[0-9]) ", text, flags=re.MULTILINE) == ["gen2"]
    assert "  platlib wheel  demo-2.5-2_el9.6_gen2\n" in text
    text = run("--variant", "rocm", "explain", "demo", status=1).stdout
    assert text.startswith("demo <=2 (versions without a changelog entry) on rocm: ")
    assert text.count("  platlib wheel  unknown\n  purelib wheel  unknown\n") == 2
    reason = "  the segments depend on the version: name one, such as demo==1.0\n"
    assert text.count(reason) == 2


@pytest.mark.parametrize("name", ["acme.demo", "json"])
def test_explain_shows_the_expression_of_an_own_override(
    run: Run, set_override: Callable[..., None], name: str
) -> None:
    """It may be a class in a module, though fromager documents modules only."""
    module = types.ModuleType(name)
    module.wheel_build_tag = depends_on("torch")  # type: ignore[attr-defined]
    set_override("demo", module)
    where = f" ({json.__file__})" if name == "json" else ""
    line = f"> 1 own override      'torch' in {name}{where}\n"
    assert line in run("--variant", "rocm", "explain", "demo").stdout


def test_explain_a_requirement_that_no_version_satisfies(run: Run, tree: pathlib.Path) -> None:
    (tree / "packages/demo.yaml").write_text(
        f'annotations:\n  {DEPENDS_ON}: "torch if version < 2 else accelerator"\n'
    )
    result = run("explain", "demo>=5,<4", status=1)
    assert result.stderr == "Error: no version satisfies 'demo>=5,<4': correct it\n"


def test_explain_shows_missing_and_unused_facts(
    run: Run, monkeypatch: pytest.MonkeyPatch, os_release: pathlib.Path
) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_TORCH_VERSION", "2.11.0")
    result = run("explain", "torch==2.10.0", status=1)
    assert "  platlib wheel  error\n" in result.stdout
    assert "  distribution   missing: the distribution of variant 'cpu' is unknown" in result.stdout
    assert "  Torch version  2.11.0, WHEEL_BUILD_TAG_TORCH_VERSION\n" in result.stdout
    assert (
        "not used: 2.10.0 (settings/variants/cpu.yaml:4): the explicit variable takes precedence"
        in result.stdout
    )
    here = run("explain", "--here", "torch==2.10.0").stdout
    assert f"  distribution   el9.6, {os_release}\n" in here


def test_explain_shows_the_source_that_needs_a_missing_fact(run: Run, tree: pathlib.Path) -> None:
    needs = "torch if torch < 2.9 else none"
    (tree / "packages/demo.yaml").write_text(f'annotations: {{build-tags.depends-on: "{needs}"}}\n')
    (tree / "variants/cpu.yaml").write_text("distro: el9.6\n")
    text = run("explain", "demo==1.0", status=1).stdout
    assert f"> 2 annotation        {needs!r} in settings/packages/demo.yaml:1\n" in text
    row = run("show", "demo==1.0").stdout.splitlines()[3]
    assert row.split() == ["demo", "1.0", "2_?", "annotation"]


def test_explain_without_a_number(run: Run, tree: pathlib.Path) -> None:
    (tree / "variants/tpu.yaml").write_text("distro: el9.6")
    text = run("--variant", "tpu", "explain", "pillow==1").stdout
    assert (
        "no build number, changelog entries\n  0 in changelog.tpu in settings/settings.yaml" in text
    )
    assert "no changelog entry: fromager assigns no build number and does not call the hook" in text


@pytest.mark.parametrize(
    ("args", "note"),
    [
        ([], ""),
        (
            ["--settings-file", "nope.yaml"],
            "--settings-file nope.yaml overrides FROMAGER_SETTINGS_FILE=settings/settings.yaml\n"
            "--settings-file nope.yaml does not exist: fromager continues without it\n",
        ),
        (
            ["--settings-dir", "nope"],
            "--settings-dir nope overrides FROMAGER_SETTINGS_DIR=settings/packages\n"
            "--settings-dir nope does not exist: fromager continues without it\n",
        ),
    ],
)
@pytest.mark.parametrize("command", [["show", "pillow"], ["explain", "pillow"], ["check"]])
def test_settings_that_are_named_and_not_there_are_noted(
    run: Run, args: list[str], note: str, command: list[str]
) -> None:
    # no hook is set, or the distribution is unknown
    wrong = {("check", "--settings-file"), ("explain", "--settings-dir")}
    status = int((command[0], *args[:1]) in wrong)
    result = run("--variant", "rocm", *args, *command, status=status)
    assert result.stderr == note
    has_problem = args[:1] == ["--settings-file"] and command != ["check"]
    assert has_problem == result.stdout.startswith("no hook is configured, so wheels get no suffix")


def test_there_is_nothing_to_lock_where_no_settings_are(
    run: Run, monkeypatch: pytest.MonkeyPatch, tree: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    monkeypatch.delenv("FROMAGER_SETTINGS_FILE")
    monkeypatch.delenv("FROMAGER_SETTINGS_DIR")
    shutil.rmtree(tree)
    assert run("lock", "-o", "build-tags.lock", status=1).stderr == (
        "Error: there are no settings at overrides/settings.yaml and overrides/settings: run "
        "`fromager-build-tags init`, or name them with --settings-file and --settings-dir\n"
    )
    assert not (tmp_path / "build-tags.lock").exists()


NOTES = [
    ({}, ""),
    ({"WHEEL_BUILD_TAG_TORCH_VERSION": ""}, ""),
    ({"WHEEL_BUILD_TAG_VARIANTS_DIR": "settings/variants"}, ""),
    (
        {"WHEEL_BUILD_TAG_TORCH_VERSION": "2.11.0"},
        "WHEEL_BUILD_TAG_TORCH_VERSION=2.11.0 is set and overrides torch_version of every variant "
        "file\n",
    ),
    (
        {"WHEEL_BUILD_TAG_TORCH_VERSION": "2.11.0", "WHEEL_BUILD_TAG_DISTRO": "el9.6"},
        "WHEEL_BUILD_TAG_DISTRO=el9.6 is set and overrides distro of every variant file\n"
        "WHEEL_BUILD_TAG_TORCH_VERSION=2.11.0 is set and overrides torch_version of every variant "
        "file\n",
    ),
]


@pytest.mark.parametrize(("variables", "note"), NOTES)
@pytest.mark.parametrize("command", ["check", "lock", "show", "review", "bump"])
def test_variables_that_override_the_files_are_noted(
    run: Run,
    tree: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    note: str,
    command: str,
) -> None:
    """A lock that was made with them contains values of no settings file."""
    Checkout.create(tree.parent, {})
    args = {"review": ("review", "HEAD"), "bump": ("bump", "HEAD", "--dry-run", "-m", "x")}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stderr = run("--variant", "rocm", *args.get(command, (command,))).stderr
    assert stderr.startswith(note)
    assert stderr.count(" of every variant file") == note.count("\n")
