"""Names, imports and words of the source: what neither ruff nor import-linter checks."""

from __future__ import annotations

import ast
import collections
import functools
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

ROOT: Final = pathlib.Path(__file__).parent.parent
PACKAGE: Final = ROOT / "src/fromager_build_tags"
MODULES: Final = sorted(PACKAGE.rglob("*.py"))

LATE_IMPORTS: Final = 20
LONGEST_LINE: Final = 120
#: Words of the first version that had several meanings, or made people of files.
FORBIDDEN: Final = re.compile(
    r"\b(told|tells|untold|witness|hearing|suspect|cure|mend|blame|speaker)\b", re.IGNORECASE
)
TEXTS: Final = [
    *MODULES,
    *sorted((ROOT / "overrides").glob("*.py")),
    *sorted(path for path in (ROOT / "docs").rglob("*") if path.suffix in {".md", ".py"}),
    ROOT / "README.md",
    ROOT / "SECURITY.md",
]
PAGES: Final = [path for path in TEXTS if path.suffix == ".md"]


@functools.cache
def tree(module: pathlib.Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in collections.Counter(names).items() if count > 1]


def test_no_two_modules_have_one_name() -> None:
    assert repeated(path.stem for path in MODULES if path.stem != "__init__") == []


def test_no_two_classes_have_one_name() -> None:
    nodes = (node for module in MODULES for node in ast.walk(tree(module)))
    assert repeated(node.name for node in nodes if isinstance(node, ast.ClassDef)) == []


def late_imports(module: pathlib.Path) -> Iterator[tuple[str, str]]:
    """Yield the place and the first line of each import inside a function."""
    lines = module.read_text(encoding="utf-8").splitlines()
    numbers = {
        node.lineno
        for function in ast.walk(tree(module))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    for number in sorted(numbers):
        yield f"{module.relative_to(ROOT)}:{number}", lines[number - 1]


def test_few_imports_are_inside_functions_and_each_has_a_reason() -> None:
    found = [each for module in MODULES for each in late_imports(module)]
    assert [place for place, line in found if "  # " not in line] == []
    assert len(found) <= LATE_IMPORTS


def test_no_text_has_a_forbidden_word() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in TEXTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert found == []


def prose(page: pathlib.Path) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a page without tables and code."""
    is_code = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code and not line.startswith(("    ", "|")):
            yield number, line


def test_no_line_of_prose_is_long() -> None:
    """Ruff limits the lines of the source to 100 characters."""
    found = [
        f"{page.relative_to(ROOT)}:{number}"
        for page in PAGES
        for number, line in prose(page)
        if len(line) > LONGEST_LINE
    ]
    assert found == []


def test_a_link_to_itself_is_no_traceback() -> None:
    """``Path.resolve`` raises RuntimeError for it: ``files.real_path`` does not."""
    found = [
        str(module.relative_to(PACKAGE))
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and node.attr == "resolve"
    ]
    assert found == []


def test_only_one_module_prints() -> None:
    """It escapes what it prints."""
    found = [
        str(module.relative_to(PACKAGE))
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute | ast.Name)
        and ast.unparse(node) in {"click.echo", "click.secho", "print", "sys.stdout.write"}
    ]
    assert set(found) == {"commands/common.py"}
