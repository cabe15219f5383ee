"""Files that are generated from the code are up to date."""

from __future__ import annotations

import json
import pathlib
import re
import runpy
import shlex
import textwrap
import tomllib

import click
import jsonschema
import pytest
import yaml

from docs import pages
from docs.schema import variant_schema
from fromager_build_tags.commands import main
from fromager_build_tags.errors import SettingsError
from fromager_build_tags.findings import rules
from fromager_build_tags.findings.finding import Rule
from fromager_build_tags.findings.rules import NAMES, RETIRED, RULES
from fromager_build_tags.settings.variant import read_variant_file

ROOT = pathlib.Path(__file__).parent.parent


def test_the_schema_is_the_models() -> None:
    assert (ROOT / "docs/variant.schema.json").read_text() == variant_schema()


@pytest.mark.parametrize(
    "text",
    [
        "distro: el9.6\nstacks: [{torch_version: 2.10.0}]",
        "torch_version: 2.10.0\nstacks: [{distro: el9.6}]",
        "stacks: []",
        "stacks: [{distro: el9.6}, {distro: el9.6}]",
        "stacks: [{index: rocm}]",
        "distro:",
        "torch_version: 2.10",
        "distribution: el9.6",
        "accelerator: cuda\nindex: gpu\ntorch_precision: minor\nstacks: [{distro: el9.6}, {}]",
        "torch_version: 2.10.0",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "cuda.yaml"
    path.write_text(text)
    try:
        read_variant_file(path)
        is_right = True
    except SettingsError:
        is_right = False
    validator = jsonschema.Draft202012Validator(json.loads(variant_schema()))
    assert validator.is_valid(yaml.safe_load(text)) is is_right


def test_the_wheel_contains_every_package() -> None:
    """A package that setuptools does not list is missing from the wheel only."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    source = ROOT / "src"
    folders = (init.parent.relative_to(source) for init in source.glob("**/__init__.py"))
    ours = {".".join(folder.parts) for folder in folders}
    listed = project["tool"]["setuptools"]["packages"]
    assert listed == sorted({*ours, "fromager_build_tags_overrides"})


def test_the_list_of_rules_is_made_of_the_rules() -> None:
    made = runpy.run_path(str(ROOT / "docs/list_of_rules.py"))["index"]()
    assert (ROOT / "docs/rules/README.md").read_text() == made


@pytest.mark.parametrize("path", sorted((ROOT / "settings/variants").glob("*.yaml")))
def test_the_shipped_variant_files_are_right(path: pathlib.Path) -> None:
    settings, _ = read_variant_file(path)
    assert settings.torch_version is not None


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_a_page(code: str) -> None:
    rule = RULES[code]
    page = (ROOT / "docs/rules" / f"{code}.md").read_text()
    head = f"# {code}: {NAMES[code]}\n\n**{rule.severity.value}**: {rule.title}.\n\n"
    assert page.startswith(head)
    assert page.count("\n## How to fix\n") + page.count("\n## What to do\n") == 1


def test_codes_are_those_of_their_families_and_pages_those_of_rules() -> None:
    assert {code[:3] for code in RULES} == {"BT1", "BT2", "BT3", "BT4"}
    assert len(RULES) == sum(isinstance(each, Rule) for each in vars(rules).values())
    assert {path.stem for path in (ROOT / "docs/rules").glob("BT*.md")} == set(RULES)
    assert not RETIRED.keys() & RULES.keys()
    assert len(set(NAMES.values())) == len(RULES)


README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_short_and_has_two_commands() -> None:
    """CI reads the commands from it."""
    assert len(README.splitlines()) <= 120
    assert len(re.findall(r"^    python3\.12 -m venv .*$", README, re.MULTILINE)) == 2


def links(text: str) -> list[str]:
    """Return the targets of the links of a Markdown text."""
    return re.findall(r"\]\(([^)\s]+)\)", text)


def test_the_readme_links_to_the_addresses_of_the_project() -> None:
    """The page of a package index shows it, where no relative link works."""
    ours = [link for link in links(README) if "python-wheel-build" not in link]
    assert ours
    site = pages.urls()["Documentation"].rstrip("/") + "/"
    assert [link for link in ours if not link.startswith(site)] == [pages.urls()["Source"]]
    generated = {*pages.FILES, "reference/commands.md"}
    for link in ours[:-1]:
        page = pages.site_link(link)
        assert page in generated or (ROOT / "docs" / page).is_file(), link


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("{site}/", "index.md"),
        ("{site}", "index.md"),
        ("{site}/rules/", "rules/README.md"),
        ("{site}/how-to/review/#causes", "how-to/review.md#causes"),
        ("{site}/show.svg", "show.svg"),
        ("docs/design.md", "design.md"),
        ("CHANGELOG.md", "changes.md"),
        ("https://other.example/docs/design.md", "https://other.example/docs/design.md"),
    ],
)
def test_links_of_the_root_lead_to_pages(link: str, page: str) -> None:
    site = pages.urls()["Documentation"].rstrip("/")
    assert pages.site_link(link.format(site=site)) == page


def test_the_reference_has_every_command_and_option() -> None:
    text = pages.commands_page()
    context = click.Context(main, **main.context_settings)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert (f"\n## {name}\n" in text) is not command.hidden
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[-1] in text
    assert "\b" not in text


def test_the_start_page_is_the_readme_without_the_section_for_a_checkout() -> None:
    page = pages.root_page("README.md")
    assert "Run the tests" in README
    assert "Run the tests" not in page
    assert pages.urls()["Documentation"] not in page
    assert page.startswith("# fromager-build-tags\n")


def test_each_table_of_a_page_is_generated() -> None:
    for path in (ROOT / "docs").rglob("*.md"):
        assert "<!-- generated: " not in pages.on_page_markdown(path.read_text(encoding="utf-8"))
    text = pages.on_page_markdown("a\n\n<!-- generated: variant-keys -->\n\nb\n")
    assert "| `rocm_version` | ROCm version, major and minor:" in text
    text = pages.on_page_markdown("<!-- generated: variables -->")
    assert "| `WHEEL_BUILD_TAG_DISTRO` | as the key `distro` of a variant file |" in text
    assert "| `WHEEL_BUILD_TAG_VERIFY` |" in text


#: A command in a text: up to a comment, a pipe, the end of a code span or of the line.
COMMAND = re.compile(r"(?<![\w/.\[-])fromager-build-tags (?P<rest>[a-z-][^`#|&>\n;]*)")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(page: pathlib.Path) -> list[str]:
    """Return the commands in the code of a page."""
    text = page.read_text(encoding="utf-8")
    code = re.findall(r"`[^`\n]+`|^(?: {4}|\$ ).*$|^```.*?^```$", text, re.MULTILINE | re.DOTALL)
    return [match["rest"].strip() for part in code for match in COMMAND.finditer(part)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_command_of_a_page_is_one(page: pathlib.Path) -> None:
    for line in commands(page):
        arguments = [word for word in shlex.split(line) if word not in {"…", "..."}]
        context = click.Context(main, **main.context_settings)
        _, rest, _ = main.make_parser(context).parse_args(arguments)
        if not rest:
            continue
        command = main.get_command(context, rest[0])
        assert command is not None, line
        command.make_parser(click.Context(command, parent=context)).parse_args(rest[1:])


def test_commands_are_found_in_pages() -> None:
    found = [line for page in PAGES for line in commands(page)]
    assert "check --here" in found
    assert "review --format markdown --output review.md --exit-zero" in found
    assert len(found) > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_yaml_block_is_yaml(page: pathlib.Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^ *```yaml[^\n]*\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        assert yaml.safe_load(textwrap.dedent(block)) is not None
