"""``which`` against the real pip and uv, on random indexes of every odd kind."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

import pytest
from click.testing import CliRunner
from packaging.version import Version

from fromager_build_tags.commands import main
from fromager_build_tags.index.targets import Installer

from .random_indexes import RandomIndex, answers_of, random_index
from .simple_server import Server, serve
from .test_select import here

#: ``CASES=300 pytest -m nightly tests/index/test_installers.py`` tries 300 indexes.
CASES = int(os.environ.get("CASES", "40"))
FIRST = int(os.environ.get("FIRST", "0"))
#: Runs pip once for each line of arguments, and writes its status: a start takes 0.5 s.
_PIP = """
import json, os, sys
from pip._internal.cli.main import main
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    try:
        status = main(json.loads(line))
    except BaseException as err:
        status = repr(err)
    print(status, file=answers, flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Installers:
    """The real pip and uv, installing from loopback."""

    folder: pathlib.Path
    server: Server
    pip: subprocess.Popen[str]

    def take(self, installer: Installer, index: RandomIndex, requirement: str) -> str:
        """Return the path below ``files/`` that an installer selects, "" for none."""
        target = self.folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        urls = [f"{self.server.url}{index.root}/{n}/simple/" for n in range(len(index.pages))]
        common = ["--no-deps", "--no-build-isolation", "--quiet", "--target", str(target)]
        if index.python:
            common += [f"--python-version={index.python}", "--only-binary=:all:"]
        before = len(self.server.asked)
        if installer is Installer.PIP:
            more = [f"--extra-index-url={url}" for url in urls[1:]]
            args = ["install", "--disable-pip-version-check", "--no-compile", "--no-cache-dir"]
            args += ["--retries=0", f"--index-url={urls[0]}", *more, *common, requirement]
            assert self.pip.stdin
            assert self.pip.stdout
            self.pip.stdin.write(json.dumps(args) + "\n")
            self.pip.stdin.flush()
            self.pip.stdout.readline()
        else:
            more = [f"--index={url}" for url in urls[:-1]]
            args = ["pip", "install", "--no-cache", "--python", sys.executable]
            args += [f"--default-index={urls[-1]}", *more, *common, requirement]
            subprocess.run(
                [sys.executable, "-m", "uv", *args],
                env={"PATH": os.defpath, "HOME": str(self.folder)},
                capture_output=True,
                check=False,
            )
        taken = [path.read_text() for path in target.glob("*_name.txt")]
        if not taken and installer is Installer.PIP:  # selected, and then it cannot be unpacked
            asked = [path for path in self.server.asked[before:] if "/files/" in path]
            taken = [path.partition("/files/")[2].partition("?")[0] for path in asked[-1:]]
        return taken[0] if taken else ""


@pytest.fixture(scope="module")
def installers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installers]:
    if Version(metadata.version("pip")) < Version("26.3"):
        pytest.skip("an older pip selects as uv does")
    folder = tmp_path_factory.mktemp("installers")
    environment = {"PATH": os.defpath, "HOME": str(folder), "PIP_CONFIG_FILE": os.devnull}
    command = [sys.executable, "-c", _PIP]
    with (
        (folder / "pip.log").open("w") as log,
        serve({}) as server,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            text=True,
        ) as pip,
    ):
        yield Installers(folder=folder, server=server, pip=pip)
        assert pip.stdin
        pip.stdin.close()


def selected(index: RandomIndex, url: str, *, pin: str = "") -> Mapping[str, str]:
    """Return the path below ``files/`` that ``which`` shows for each installer."""
    urls = [f"{url}{index.root}/{n}/simple/" for n in range(len(index.pages))]
    target = here()
    python = f"--python={index.python or '.'.join(map(str, target.python))}"
    more = ["--together", "--format=json", python, f"--platform={target.platform}"]
    result = CliRunner().invoke(main, ["which", *more, *["--all-versions"] * bool(pin), *urls])
    assert result.exit_code in {0, 1}, result.output
    rows = json.loads(result.stdout)["winners"]
    return {
        installer: "again/" * ("/files/again/" in row["location"]) + row["filename"]
        for row in rows
        for installer in row["installers"]
        if not pin or Version(row["version"]) == Version(pin)
    }


def disagreements(index: RandomIndex, installers: Installers) -> Iterator[str]:
    """Yield each selection in which ``which`` and a real installer differ."""
    answers = answers_of(index, installers.folder, installers.server.url)
    installers.server.answers.update(answers)
    for pin in ("", index.pin):
        ours = selected(index, installers.server.url, pin=pin)
        requirement = f"a-b=={pin}" if pin else "a-b"
        for installer in Installer:
            taken = installers.take(installer, index, requirement)
            if taken != ours.get(installer, ""):
                ask = f"{installer} {requirement}"
                yield f"{ask}: {taken or 'nothing'}, not {ours.get(installer, 'nothing')}"


def _listed(index: RandomIndex) -> Sequence[str]:
    return [str(each) for page in index.pages for each in page or ()]


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(FIRST, FIRST + CASES))
def test_the_real_installers_agree(seed: int, installers: Installers) -> None:
    index = random_index(seed)
    found = list(disagreements(index, installers))
    assert not found, "\n".join([*found, index.root, *index.formats, *_listed(index)])
