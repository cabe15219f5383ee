"""Pull requests of a stranger: what each changes in a good settings tree."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Final

from ..repositories import git
from ..trees import HOOK, ROCM, ROCM_FILE, SETTINGS, SETTINGS_FILE, TORCH, TORCH_FILE

PACKAGES: Final = "settings/packages"
VARIANTS: Final = "settings/variants"
DEMO: Final = f"{PACKAGES}/demo.yaml"
LOCK: Final = "settings/build-tags.lock"
#: Control characters, a workflow command, a change of direction, Markdown and HTML.
TEXT: Final = (
    "\x1b[31m\n::error::z\r\n##[error]y\u202eevil\u2066\x9b<script>alert(1)</script> "
    "[l](javascript:x) @everyone |`` ` $(touch ran)"
)
#: The same for a file's name.
NAME: Final = TEXT.replace("/", ":")
#: Leaves a mark, whether it is imported or run, and ends.
PROGRAM: Final = "open('ran', 'w').close()\nraise SystemExit(0)\n"
QUOTED: Final = '"' + "".join(f"\\u{ord(each):04x}" for each in TEXT) + '"'

#: What a tree needs outside of itself.
SECRET: Final = "SECRET: content of a file outside the tree\n"

type Change = Callable[[pathlib.Path], None]


def files(content: Mapping[str, str | bytes]) -> Change:
    """Write files."""

    def change(root: pathlib.Path) -> None:
        for name, text in content.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return change


def hook(value: str, modules: Mapping[str, str] | None = None) -> Change:
    """Name a hook, and add the modules that it could be in."""
    text = SETTINGS.replace('"fromager_build_tags.hooks:build_tag_hook"', value)
    return files({SETTINGS_FILE: text, **(modules or {})})


def link(name: str, target: str) -> Change:
    """Replace a file or folder by a symbolic link; ``OUTSIDE`` is a folder beside the tree."""

    def change(root: pathlib.Path) -> None:
        path = root / name
        if path.is_dir():
            path.rename(root / "moved")
        path.unlink(missing_ok=True)
        path.symlink_to(target.replace("OUTSIDE", str(root.parent / "outside")))

    return change


def pipe(name: str) -> Change:
    """Replace a file by a pipe, for which a reader would wait."""

    def change(root: pathlib.Path) -> None:
        (root / name).unlink(missing_ok=True)
        os.mkfifo(root / name)

    return change


def renamed(name: str, content: str) -> Change:
    """Add a package and a variant of a name, which need not be UTF-8."""

    def change(root: pathlib.Path) -> None:
        for folder in (PACKAGES, VARIANTS):
            (root / folder / f"{name}.yaml").write_text(content)

    return change


def submodule(root: pathlib.Path) -> None:
    """Replace the folder of packages by a submodule with commands in its settings."""
    files({".gitmodules": f'[submodule "x"]\npath={PACKAGES}\nurl=ext::touch ran\nupdate=!x\n'})(
        root
    )
    head = git(root, "rev-parse", "HEAD")
    git(root, "rm", "-r", "--quiet", PACKAGES)
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},{PACKAGES}")


def bare_repository(root: pathlib.Path) -> None:
    """Make a folder a bare repository that fetches with a program."""
    folder = root / "settings"
    git(root, "init", "--quiet", "--bare", str(folder))
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(
        "[core]\nrepositoryformatversion=1\nbare=true\nfsmonitor=touch ran\n[extensions]\n"
        'partialClone=o\n[remote "o"]\nurl=.\npromisor=true\nuploadpack=touch ran;\n'
    )


def odd_refs(root: pathlib.Path) -> None:
    """Add refs that look like options."""
    head = git(root, "rev-parse", "HEAD")
    for name in ("--output=ran", "--upload-pack=ran", "-x"):
        git(root, "update-ref", f"refs/heads/{name}", head)
        git(root, "update-ref", f"refs/tags/{name}", head)
    files({ROCM_FILE: ROCM.replace("7.1", "7.2")})(root)


def aliases(levels: int, *, merge: bool = False) -> str:
    lines = ["changelog:", '  "0": &a0 [x, x, x, x, x, x, x, x, x]']
    for level in range(1, levels):
        below = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f'  "{level}": &a{level} [{below}]')
    if merge:
        lines = [
            "env: &m0 {A: b}",
            *(f"x{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}" for n in range(1, levels)),
        ]
    return "\n".join(lines) + "\n"


MODULES: Final = (
    *("pip/__main__.py", "pip/__init__.py", "conftest.py", "sitecustomize.py", "usercustomize.py"),
    *("fromager_build_tags/__init__.py", "fromager_build_tags/__main__.py", "yaml.py", "click.py"),
    *(
        "fromager/__init__.py",
        "setup.py",
        "json.py",
        "settings/__init__.py",
        "overrides/__init__.py",
    ),
    *("packaging/__init__.py", "pydantic.py", "stevedore/__init__.py", "git", "gh", "python3"),
)
LOCKED: Final = "# build-tags.lock, format 1: x\n\nrocm: el9.6 rocm7.1 torch2.9.1\n"

TREES: Final[Mapping[str, Change]] = {
    "hook of the standard library": hook('"os:system"'),
    "hook that exits": hook('"venv.__main__:main"'),
    "hook in the tree": hook('"evil:f"', {"evil.py": PROGRAM}),
    "hook in a package of the tree": hook(
        '"evil.sub:f"', {"evil/sub.py": PROGRAM, "evil/__init__.py": PROGRAM}
    ),
    "hook that hangs": hook(
        '"hang:f"', {"hang.py": "open('ran', 'w').close()\nwhile True: pass\n"}
    ),
    "hook with a space": hook('" evil.f"', {"evil.py": PROGRAM}),
    "hook that is text": hook(QUOTED),
    "hook that is a list": hook("[evil, f]", {"evil.py": PROGRAM}),
    "hook that is an object": hook("!!python/name:os.system x"),
    "link to a file outside": link(ROCM_FILE, "OUTSIDE/secret.yaml"),
    "link of a package": link(DEMO, "OUTSIDE/secret.yaml"),
    "link of the lock": link(LOCK, "OUTSIDE/secret.yaml"),
    "link of the settings": link(SETTINGS_FILE, "OUTSIDE/secret.yaml"),
    "link to a folder outside": link(PACKAGES, "OUTSIDE"),
    "link above the settings": link("settings", "OUTSIDE"),
    "link in a circle": link(ROCM_FILE, "rocm.yaml"),
    "link to a system file": link(f"{VARIANTS}/cpu.yaml", "/etc/passwd"),
    "link to a device": link(ROCM_FILE, "/dev/zero"),
    "link to a device, of a package": link(TORCH_FILE, "/dev/zero"),
    "link that dangles": link(f"{VARIANTS}/cpu.yaml", "nowhere"),
    "pipe as variant": pipe(ROCM_FILE),
    "pipe as package": pipe(DEMO),
    "pipe as lock": pipe(LOCK),
    "submodule": submodule,
    "attributes and filters": files(
        {
            ".gitattributes": "* filter=x diff=x merge=x ident export-subst text\n",
            ROCM_FILE: f"{ROCM}# $Format:%H$ $Id$\n",
        }
    ),
    "name with a line end": renamed(NAME[:200], "changelog: {'1': [a]}\n"),
    "name of a command": renamed("::error::x", "changelog: {'1': [a]}\n"),
    "name of an option": renamed("--output=ran", "changelog: {'1': [a]}\n"),
    "name that is not UTF-8": renamed("a\udcff\udcfe", "changelog: {'1': [a]}\n"),
    "name that is long": renamed("a" * 250, "changelog: {'1': [a]}\n"),
    "name with a change of direction": renamed("a\u202eb", "changelog: {'1': [a]}\n"),
    "name with a command of a shell": renamed("$(touch ran)`touch ran`;touch ran", "{}\n"),
    "aliases of aliases": files({DEMO: aliases(12)}),
    "aliases of aliases in a variant": files({ROCM_FILE: aliases(12)}),
    "merges of merges": files({DEMO: aliases(30, merge=True)}),
    "deep lists": files({DEMO: "x: " + "[" * 5000, ROCM_FILE: "x: " + "{a: " * 5000}),
    "tags of Python": files(
        {
            DEMO: "changelog: !!python/object/apply:os.system ['touch ran']\n",
            ROCM_FILE: "distro: !!python/object/new:os.system [touch ran]\n",
        }
    ),
    "a huge file": files({DEMO: "x: " + "a" * 30_000_000}),
    "a huge lock": files({LOCK: LOCKED + "  a 1 1\n" * 4_000_000}),
    "a large lock": files({LOCK: LOCKED + "".join(f"  a {n} 1\n" for n in range(30_000))}),
    "many keys": files({DEMO: "changelog:\n" + "".join(f"  '{n}': [a]\n" for n in range(60_000))}),
    "numbers": files(
        {
            DEMO: f"changelog:\n  {'9' * 5000}: [a]\n  1e999999: [a]\n  0x{'f' * 5000}: [a]\n",
            ROCM_FILE: f"distro: el9.6\nrocm_version: '{'9' * 5000}.1'\ntorch_version: 1e9999\n",
        }
    ),
    "bytes": files({DEMO: b"\xff\xfe\x00x", ROCM_FILE: b"\x00\x01", LOCK: b"\xff\xfe"}),
    "UTF-16": files({DEMO: TORCH.encode("utf-16"), ROCM_FILE: ROCM.encode("utf-16")}),
    "duplicate keys": files({DEMO: TORCH + TORCH, ROCM_FILE: ROCM + ROCM}),
    "many files": files({f"{PACKAGES}/p{n}.yaml": "" for n in range(2000)}),
    "deep folders": files({f"{PACKAGES}/{'d/' * 300}x.yaml": TORCH, f"{VARIANTS}/a/b.yaml": ROCM}),
    "modules": files(dict.fromkeys(MODULES, PROGRAM)),
    "configurations": files(
        {
            "evil.pth": "import os; os.system('touch ran')\n",
            "pip.conf": "[global]\nindex-url = http://localhost:9/\n",
            "pyproject.toml": "[build-system]\nbuild-backend='evil'\nbackend-path=['.']\n[tool.x",
            "setup.cfg": "[options]\npackages=find:\n",
            "uv.toml": "index-url = 'http://localhost:9'\n",
            ".python-version": "../evil\n",
            ".env": "PATH=.\nPYTHONPATH=.\n",
            "tox.ini": "[tox]\n",
            "evil.py": PROGRAM,
        }
    ),
    "bare repository": bare_repository,
    "names of options as refs": odd_refs,
    "text in the lock": files({LOCK: f"{LOCKED}  {TEXT} 1 1\n"}),
    "heading in the lock": files({LOCK: f"{LOCKED}\n{TEXT}: {TEXT}\n"}),
    "names in the lock": files(
        {LOCK: f"{LOCKED}  ##[error]<b>x</b>|`\u202e 1 1_el9.6\n  * * 1_el9.6\n"}
    ),
    "versions in the lock": files({LOCK: f"{LOCKED}  * * 1_el9.6\n  a ##[error]|` 1\n"}),
    "format of the lock": files({LOCK: LOCKED.replace("format 1", f"format {'9' * 5000}")}),
    "conflict in the lock": files({LOCK: f"<<<<<<< a\n{LOCKED}=======\n>>>>>>> b\n"}),
    "text in changelogs": files(
        {
            TORCH_FILE: f"changelog:\n  '2.9.1': [first, {QUOTED}]\n  {QUOTED}: [a]\n",
            SETTINGS_FILE: f"{HOOK}changelog:\n  rocm: [{QUOTED}, b]\n  {QUOTED}: [a]\n",
            ROCM_FILE: ROCM.replace("2.9.1", "2.10.0"),
        }
    ),
    "text in a variant": files(
        {ROCM_FILE: f"{ROCM}index: {QUOTED}\n{QUOTED}: {QUOTED}\naccelerator: {QUOTED}\n"}
    ),
    "text in annotations": files(
        {
            DEMO: f"changelog: {{'1': [a]}}\nannotations:\n  build-tags.depends-on: {QUOTED}\n"
            f"  build-tags.ignore.BT201: {QUOTED}\n  build-tags.{QUOTED[1:-1]}: x\n",
            TORCH_FILE: f"annotations: {{build-tags.verify: {QUOTED}, {QUOTED}: {QUOTED}}}\n",
        }
    ),
    "code as dependencies": files(
        {
            DEMO: "annotations: {build-tags.depends-on: \"__import__('os').system('x')\"}\n",
            TORCH_FILE: f"annotations: {{build-tags.depends-on: 'torch if {'(' * 3000}'}}\n",
        }
    ),
    "settings of fromager that name commands": files(
        {
            DEMO: "build_dir: ../../..\nenv: {PATH: ., PYTHONPATH: ., LD_PRELOAD: ./x.so}\n"
            "download_source: {url: 'file:///etc/passwd', destination_filename: ../../x}\n"
            "resolver_dist: {sdist_server_url: 'http://localhost:9/'}\nconfig_settings: {a: x}\n",
        }
    ),
    "a file where fromager wants a folder": link(VARIANTS, "/dev/null"),
    "an index with a password": files({ROCM_FILE: f"{ROCM}index: 'https://u:SECRET@[::1/x\\n'\n"}),
}
assert len(TREES) > 30
