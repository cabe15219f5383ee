"""Files that are generated from the code are up to date."""

from __future__ import annotations

import json
import pathlib
import runpy
import tomllib

import jsonschema
import pytest
import yaml

from docs.schema import variant_schema
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
