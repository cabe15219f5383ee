"""A pool behind a plain web server, from which the real pip and uv install."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pytest
from click.testing import CliRunner

from fromager_build_tags.commands import main

from ..index.variant_indexes import environ_of
from ..index.wheels import write_wheel
from .index import serve

pytestmark = [pytest.mark.e2e, pytest.mark.once]

PLAT: Final = f"-py3-none-linux_{os.uname().machine}.whl"
PURE: Final = "pure-1.0-1-py3-none-any.whl"
PILLOW: Final = f"pillow-12.2.0-2_el9.6{PLAT}"
STACKS: Final = ("cpu", "cuda12.9", "cuda13.0", "rocm7.1")
PIP: Final = ("pip", "install", "--no-cache-dir", "--disable-pip-version-check")
UV: Final = ("uv", "pip", "install", "--no-cache", "--python", sys.executable)
PREVIEW: Final = ("--preview-features", "wheel-variants")
#: The driver of a machine, and the stack whose wheels uv installs there with its preview.
DRIVERS: Final = {
    "13.1": "cuda13.0",
    "13.0": "cuda13.0",
    "12.9": "cuda12.9",
    "12.8": "cpu",
    "": "cpu",
}


def wheels_of(stack: str) -> Mapping[str, str]:
    """Return the wheels of a stack, by project."""
    wheels = {
        "torch": f"torch-2.10.0-7_el9.6_{stack}{PLAT}",
        "flash-attn": f"flash_attn-2.8.3-8_el9.6_{stack}_torch2.10.0{PLAT}",
        "pillow": PILLOW,
        "pure": PURE,
    }
    triton = {"triton": f"triton-3.5-1_el9.6_{stack}{PLAT}"}
    return wheels if stack == "cpu" else wheels | triton


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A pool in a folder, and its URL."""

    folder: pathlib.Path
    url: str = ""

    def merge(self, stacks: Collection[str], *options: str) -> None:
        """Write the wheels of stacks, and merge them."""
        inputs = []
        for stack in stacks:
            inputs.append(f"{stack}={self.folder / stack}")
            for name in wheels_of(stack).values():
                write_wheel(self.folder / stack / name)
        command = ["merge", str(self.folder / "pool"), *inputs, "--variants", *options]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output

    def install(
        self, target: pathlib.Path, view: str, *command: str, driver: str = ""
    ) -> Mapping[str, str]:
        """Run an installer, and return the installed wheels by project."""
        url = "/".join(filter(None, [self.url, view, "simple/"]))
        subprocess.run(
            [sys.executable, "-m", *command, "--quiet", "--target", target, "--index-url", url],
            env={**environ_of(driver, target.parent, os.defpath), "PIP_CONFIG_FILE": os.devnull},
            check=True,
        )
        found = {}
        for path in target.glob("*_name.txt"):
            project = path.name.removesuffix("_name.txt").replace("_", "-")
            [*documents] = target.glob(f"{project.replace('-', '_')}-*.dist-info/variant.json")
            labels = [*json.loads(documents[0].read_text())["variants"]] if documents else []
            found[project] = f"{path.read_text()} {' '.join(labels)}".strip()
        return found


def labelled(stack: str) -> Mapping[str, str]:
    """Return the wheels of a stack as they are installed with the preview."""
    return {
        project: f"{name} {stack}" if f"_{stack}" in name and stack != "cpu" else name
        for project, name in wheels_of(stack).items()
    }


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """A pool of all stacks."""
    folder = tmp_path_factory.mktemp("pool")
    Pool(folder=folder).merge(STACKS)
    with serve(folder / "pool") as url:
        yield Pool(folder=folder, url=url)


@pytest.mark.parametrize(
    ("installer", "view"),
    [
        pytest.param(
            installer,
            view,
            marks=[] if (installer, view) in {("pip", "rocm7.1"), ("uv", "cpu")} else nightly,
        )
        for nightly in [[pytest.mark.nightly]]
        for installer in ("pip", "uv")
        for view in STACKS
    ],
)
def test_each_view_installs_its_wheels(
    installer: str, view: str, pool: Pool, tmp_path: pathlib.Path
) -> None:
    command = {"pip": PIP, "uv": UV}[installer]
    wheels = wheels_of(view)
    assert pool.install(tmp_path / "target", view, *command, *wheels) == wheels


@pytest.mark.parametrize("driver", DRIVERS)
def test_uv_selects_the_stack_of_a_machine(driver: str, pool: Pool, tmp_path: pathlib.Path) -> None:
    expected = labelled(DRIVERS[driver])
    found = pool.install(tmp_path / "target", "", *UV, *PREVIEW, *expected, driver=driver)
    assert found == expected


@pytest.mark.parametrize("command", [PIP, UV], ids=["pip", "uv"])
def test_others_get_the_plain_wheels(
    command: Sequence[str], pool: Pool, tmp_path: pathlib.Path
) -> None:
    expected = wheels_of("cpu")
    assert pool.install(tmp_path / "target", "", *command, *expected, driver="13.1") == expected


def test_hashes_of_a_cpu_machine_are_those_of_a_cuda_machine(
    pool: Pool, tmp_path: pathlib.Path
) -> None:
    locked = tmp_path / "requirements.txt"
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "compile", "--no-cache", *PREVIEW, "--quiet"),
            *("--generate-hashes", "--default-index", f"{pool.url}/simple/", "-", "-o", locked),
        ],
        input="\n".join(wheels_of("cpu")),
        env=environ_of("", tmp_path, os.defpath),
        text=True,
        check=True,
    )
    command = ["uv", "pip", "sync", "--no-cache", "--python", sys.executable, *PREVIEW]
    command += ["--require-hashes", str(locked)]
    found = pool.install(tmp_path / "target", "", *command, driver="13.1")
    assert found == {name: labelled("cuda13.0")[name] for name in wheels_of("cpu")}


def test_a_second_merge_breaks_no_cache(tmp_path: pathlib.Path) -> None:
    made = Pool(folder=tmp_path / "made")
    made.merge(["cpu", "cuda12.9"])
    with serve(tmp_path / "made" / "pool") as url:
        pool = Pool(folder=made.folder, url=url)
        command = ["uv", "pip", "install", "--cache-dir", str(tmp_path / "cache"), *PREVIEW]
        command += ["--python", sys.executable, *wheels_of("cpu")]

        def installed(name: str, *more: str) -> str:
            return pool.install(tmp_path / name, "", *command, *more, driver="13.1")["torch"]

        assert installed("one") == labelled("cuda12.9")["torch"]
        pool.merge(["cuda13.0"])
        assert installed("two") in {labelled(each)["torch"] for each in ("cuda12.9", "cuda13.0")}
        assert installed("three", "--refresh") == labelled("cuda13.0")["torch"]


@pytest.mark.nightly
def test_hash_seed_clock_and_order_change_no_byte(tmp_path: pathlib.Path) -> None:
    made = []
    for number, stacks in enumerate((STACKS, STACKS[::-1])):
        folder = tmp_path / str(number)
        for stack in stacks:
            for name in wheels_of(stack).values():
                path = write_wheel(folder / stack / name)
                os.utime(path, (number, number))
        inputs = [f"{stack}={folder / stack}" for stack in stacks]
        command = ["-m", "fromager_build_tags", "merge", str(folder / "pool"), *inputs]
        environ = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONHASHSEED": str(number)}
        subprocess.run(
            [sys.executable, *command, "--variants"], env=environ, cwd=tmp_path, check=True
        )
        pool = folder / "pool"
        made.append(
            {
                path.relative_to(pool): path.read_bytes()
                for path in pool.rglob("*")
                if path.is_file()
            }
        )
    assert made[0] == made[1]
