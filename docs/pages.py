"""Generate pages of the site: MkDocs calls the ``on_…`` functions, as mkdocs.yml configures.

The start page, the changes, the security policy and the page for contributors are files of the
root. The reference of commands comes from click, the tables of settings from the models.
"""

from __future__ import annotations

import functools
import inspect
import pathlib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click
from pydantic.fields import FieldInfo

from fromager_build_tags.commands import main
from fromager_build_tags.commands.examples import EXAMPLES, example_lines
from fromager_build_tags.settings.environment import ExplicitSettings
from fromager_build_tags.settings.variant import VariantSettings
from fromager_build_tags.stack.fact import explicit_variable

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT: Final = pathlib.Path(__file__).parent.parent
#: The pages that are files of the root.
FILES: Final = {
    "index.md": "README.md",
    "changes.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "security-policy.md": "SECURITY.md",
}
_LINK: Final = re.compile(r"(?<=\]\()[^)\s]+")
_PLACE: Final = re.compile(r"^<!-- generated: (\S+) -->$", re.MULTILINE)
#: What the start page leaves out of README: this section is for a checkout.
_CHECKOUT_ONLY: Final = re.compile(r"^## Run the tests\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def urls() -> Mapping[str, str]:
    """Return the addresses of the project, by their names in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    addresses: Mapping[str, str] = project["urls"]
    return addresses


def on_config(config: MkDocsConfig) -> None:
    """Set the address of the site."""
    config.site_url = urls()["Documentation"].rstrip("/") + "/"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    from mkdocs.structure.files import File  # noqa: PLC0415  # the tests run without MkDocs

    for name, source in FILES.items():
        files.append(File.generated(config, name, content=root_page(source)))
    files.append(File.generated(config, "reference/commands.md", content=commands_page()))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each line ``<!-- generated: NAME -->`` by a table or a block."""
    return _PLACE.sub(lambda match: PARTS[match[1]](), markdown)


def root_page(name: str) -> str:
    """Return a file of the root as a page, with links that lead to pages of the site."""
    text = _CHECKOUT_ONLY.sub("", (ROOT / name).read_text(encoding="utf-8"))
    return _LINK.sub(lambda match: site_link(match[0]), text)


def site_link(link: str) -> str:
    """Return the link as one between pages, where it leads to the site."""
    path, hash_sign, anchor = link.removeprefix(urls()["Documentation"]).partition("#")
    if path == link.partition("#")[0] and ":" in path:
        return link  # of another host
    path = path.strip("/").removeprefix("docs/") or "index"
    pages = {source: page for page, source in FILES.items()} | {"rules": "rules/README.md"}
    path = pages.get(path) or (path if pathlib.PurePath(path).suffix else f"{path}.md")
    return f"{path}{hash_sign}{anchor}"


def commands_page() -> str:
    """Return the reference of all commands and their options."""
    context = click.Context(main, info_name="fromager-build-tags", **main.context_settings)
    lines = ["# Commands", "", *_command(main, context)]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        if not command.hidden:
            inner = click.Context(command, info_name=name, parent=context)
            lines += [f"## {name}", "", *_command(command, inner)]
    return "\n".join(lines)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"    {command.get_usage(context).removeprefix('Usage: ')}\n"
    yield from map(_paragraph, inspect.cleandoc(command.help or "").split("\n\n"))
    if command.name and command.name in EXAMPLES:
        yield "```console"
        yield from (f"$ {each}" for each in example_lines(command.name))
        yield "```\n"
    records = (each.get_help_record(context) for each in command.get_params(context))
    if options := [each for each in records if each is not None]:
        yield "| option | |\n|---|---|"
        yield from (f"| `{_cell(names)}` | {_cell(text)} |" for names, text in options)
    yield ""


def _paragraph(text: str) -> str:
    """Return a paragraph; click keeps the lines of one that starts with a backspace."""
    if text.startswith("\b"):
        return "\n".join(f"    {line}" for line in text.splitlines()[1:]) + "\n"
    return f"{text}\n"


def variant_keys() -> str:
    """Return the table of the keys of a variant file."""
    rows = [
        f"| `{name}` | {_cell(field.description)} |"
        for name, field in VariantSettings.model_fields.items()
    ]
    return "\n".join(["| key | value |", "|---|---|", *rows])


def explicit_variables() -> str:
    """Return the table of the variables that take precedence over files."""
    rows = [
        f"| `{explicit_variable(name)}` | {_cell(_meaning(name, field))} |"
        for name, field in ExplicitSettings.model_fields.items()
    ]
    return "\n".join(["| variable | value |", "|---|---|", *rows])


def _meaning(name: str, field: FieldInfo) -> str:
    return field.description or f"as the key `{name}` of a variant file"


def _cell(text: str | None) -> str:
    return " ".join((text or "").replace("|", "\\|").replace("``", "`").split())


def template(name: str) -> str:
    """Return a file that ``init`` writes, as a block."""
    text = (ROOT / "src/fromager_build_tags/add/templates" / name).read_text(encoding="utf-8")
    return f"```yaml\n{text}```"


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "variant-keys": variant_keys,
    "variables": explicit_variables,
    "github": functools.partial(template, "github.yaml"),
    "gitlab": functools.partial(template, "gitlab.yaml"),
    "pre-commit": functools.partial(template, "pre-commit.yaml"),
}
