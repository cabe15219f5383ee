"""The shipped overrides: one module a package, and what each says on every kind of stack."""

from __future__ import annotations

import ast
import importlib
import pathlib
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import Version

from fromager_build_tags.errors import MissingFactError
from fromager_build_tags.needs import DependsOn, Need
from fromager_build_tags.plan import scope
from fromager_build_tags.tag.expression import parse_expression

from .conftest import PLATLIB, PURELIB, MakeContext, ask_stack

FOLDER = pathlib.Path(__file__).parent.parent / "overrides"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")

STACKS = {
    "cpu": ("", "cpu"),
    "cuda": ('cuda_version: "13.0"\n', "cuda13.0"),
    "rocm": ('rocm_version: "7.1"\n', "rocm7.1"),
}

#: Where a module says something else from a version on: the last that is tied to one Torch,
#: and the first that is not, as measured in ``evidence/measurements.json``.
MOVED = [
    ("torchvision", "0.28.0", "0.29.0", "cpu cuda rocm"),
    ("torchaudio", "2.9.1", "2.10.0", "cpu cuda rocm"),
    ("torchcodec", "0.11.1", "0.12.0", "cpu cuda rocm"),
    ("torchao", "0.16.0", "0.17.0", "cuda"),
    ("torchao", "0.18.0", "0.19.0", "cpu rocm"),
    ("vllm", "0.32.0", "0.33.0", "cuda"),
    ("xformers", "0.0.33.post2", "0.0.34", "cuda"),
    ("mooncake_transfer_engine", "0.3.13.post1", "0.3.14", "cuda"),
]
#: Where only CUDA builds moved.
STAYED = [("vllm", "0.33.0"), ("xformers", "0.0.35"), ("torchao", "0.18.0")]


def module(name: str) -> ModuleType:
    return importlib.import_module(f"fromager_build_tags_overrides.{name}")


def expression(name: str) -> str:
    says: DependsOn = module(name).wheel_build_tag
    return says.expression


def versions(name: str) -> list[Version]:
    """Return versions on both sides of each change that a module speaks of."""
    found, parsed = [Version("0"), Version("9999")], parse_expression(expression(name))
    for clause in parsed.clauses:
        if clause.versions:
            found += [Version(specifier.version) for specifier in clause.versions]
    return sorted(set(found))


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/add-a-package.md"])
def test_the_numbers_of_a_page_are_those_of_the_entry_points(page: str) -> None:
    names = [*scope.shipped_overrides()]
    patterns = sum("*" in name for name in names)
    text = f"{len(names) - patterns} packages and {patterns} families of names"
    assert text in (FOLDER.parent / page).read_text()


def test_every_module_is_registered_under_its_own_name_or_a_pattern() -> None:
    modules = set()
    for name, registrations in scope.shipped_overrides().items():
        [value] = [each.value for each in registrations]
        assert is_normalized_name(canonicalize_name(name).replace("*", "1"))
        modules.add(value)
    assert modules == {f"fromager_build_tags_overrides.{name}" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_module_is_its_evidence_and_one_line(name: str) -> None:
    docstring, imported, line = ast.parse((FOLDER / f"{name}.py").read_text()).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(imported, ast.ImportFrom)
    assert imported.module == "fromager_build_tags.needs"
    target = module(name).wheel_build_tag.torch_target
    more = f", torch_target={target!r}" if target else ""
    assert ast.unparse(line) == f"wheel_build_tag = depends_on({expression(name)!r}{more})"
    assert module(name).__doc__


@pytest.mark.parametrize("variant", STACKS)
@pytest.mark.parametrize("name", NAMES)
def test_what_it_says(
    make_context: MakeContext, variants_dir: pathlib.Path, variant: str, name: str
) -> None:
    keys, accelerator = STACKS[variant]
    (variants_dir / f"{variant}.yaml").write_text(f"{keys}torch_version: 2.10.0\n")
    ctx, req, says = make_context(variant), Requirement(name), module(name).wheel_build_tag
    for version in versions(name):
        needs = parse_expression(expression(name)).of(version, ask_stack(variant, "2.10.0"))
        expected = [(2, accelerator)] if Need.ACCELERATOR in needs else []
        expected += [(3, "torch2.10.0")] if Need.TORCH in needs else []
        wheel = {"ctx": ctx, "req": req, "version": version}
        assert says(**wheel, wheel_tags=PLATLIB) == expected
        assert says(**wheel, wheel_tags=PURELIB) == []


@pytest.mark.parametrize("variant", STACKS)
@pytest.mark.parametrize(
    ("torch_version", "torch"),
    [
        ("2.8.0", ["torch2.8.0"]),
        ("2.9.0.dev20250601", ["torch2.9.0.dev20250601"]),
        ("2.9.0", []),
        ("2.9", []),
        ("2.10.0", []),
    ],
)
def test_flash_attention_3_depends_on_torch_before_2_9(
    make_context: MakeContext,
    variants_dir: pathlib.Path,
    variant: str,
    torch_version: str,
    torch: list[str],
) -> None:
    keys, accelerator = STACKS[variant]
    (variants_dir / f"{variant}.yaml").write_text(f"{keys}torch_version: '{torch_version}'\n")
    says = module("flash_attn_3").wheel_build_tag
    wheel = {
        "ctx": make_context(variant),
        "req": Requirement("flash-attn-3"),
        "version": Version("3.0.0"),
    }
    expected = [(2, accelerator), *((3, text) for text in torch)]
    assert says(**wheel, wheel_tags=PLATLIB) == expected
    assert says(**wheel, wheel_tags=PURELIB) == []


def test_flash_attention_3_has_to_know_torch(
    make_context: MakeContext, variants_dir: pathlib.Path
) -> None:
    (variants_dir / "cuda.yaml").write_text('cuda_version: "13.0"\n')
    says = module("flash_attn_3").wheel_build_tag
    wheel = {"req": Requirement("flash-attn-3"), "version": Version("3.0.0")}
    with pytest.raises(MissingFactError, match="Torch"):
        says(ctx=make_context("cuda"), **wheel, wheel_tags=PLATLIB)
    assert says(ctx=make_context("cuda"), **wheel, wheel_tags=PURELIB) == []


@pytest.mark.parametrize(("name", "tied", "free", "accelerators"), MOVED)
def test_packages_that_moved_to_the_stable_abi(
    name: str, tied: str, free: str, accelerators: str
) -> None:
    says: DependsOn = module(name).wheel_build_tag
    for word in accelerators.split():
        assert says.needs(Version(tied), ask_stack(word)) == {
            Need.ACCELERATOR,
            Need.TORCH,
        }
        assert says.needs(Version(free), ask_stack(word)) == {Need.ACCELERATOR}


@pytest.mark.parametrize(("name", "version"), STAYED)
def test_builds_for_other_accelerators_that_did_not_move(name: str, version: str) -> None:
    says: DependsOn = module(name).wheel_build_tag
    for word in ("cpu", "rocm"):
        assert Need.TORCH in says.needs(Version(version), ask_stack(word))


def test_torch_depends_on_no_torch() -> None:
    says: DependsOn = module("torch").wheel_build_tag
    assert says.needs(Version("2.10.0"), ask_stack("cuda")) == {Need.ACCELERATOR}
