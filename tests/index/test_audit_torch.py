"""``audit --deep``: the wheels of an index against the Torch that they are used with."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any, Final

import pytest
from click.testing import Result

from ..golden.scenes import PLAT, library, wheel
from .simple_server import Answer, html_index, serve
from .wheels import Files

type Run = Callable[..., Result]

#: A function of the stable ABI from Torch 2.13 on.
NEW: Final = "torch_exception_get_what"
#: An own Torch exports it, and no release.
OWN: Final = "torch_of_acme"
FAMILY: Final = """\
distro: el9.6
stacks:
  - {cuda_version: "12.9", torch_version: "2.12.0"}
  - {cuda_version: "13.0", torch_version: "2.12.1"}
  - {cuda_version: "13.1", torch_version: "2.14.0"}
"""


@pytest.fixture(autouse=True)
def settings(tree: pathlib.Path) -> None:
    declare(tree, "2.12.1")
    changelog = 'changelog: {"1.0": [a]}\nannotations: {build-tags.depends-on: none}\n'
    (tree / "packages/demo.yaml").write_text(changelog)


def declare(tree: pathlib.Path, version: str, variant: str = "rocm") -> None:
    (tree / f"variants/{variant}.yaml").write_text(
        f'distro: el9.6\nrocm_version: "7.1"\ntorch_version: "{version}"\n'
    )


def importing(*symbols: str) -> Files:
    return library(needs=["libtorch.so"], imports=symbols)


def own_torch(*symbols: str, **more: Any) -> Files:
    return library(exports=symbols, member="torch/lib/libtorch_cpu.so", **more)


def findings(run: Run, *args: str) -> list[tuple[str, str, str]]:
    """Return rule, severity and message of each finding about Torch."""
    stdout = run("audit", *args, "--deep", "--format", "json", "--exit-zero").stdout
    found = json.loads(stdout)["findings"]
    return [
        (each["code"], each["severity"], each["message"])
        for each in found
        if "BT304" < each["code"] < "BT309"
    ]


def codes(run: Run, *args: str) -> list[str]:
    return [f"{code} {severity}" for code, severity, _ in findings(run, *args)]


def test_a_wheel_whose_minimum_is_above_the_torch_of_the_variant(
    run: Run, tree: pathlib.Path
) -> None:
    """torchvision 0.29.0 requires Torch 2.13 by its symbols, whatever its name says."""
    wheel(pathlib.Path(f"index/demo-1.0-3_el9.6-{PLAT}"), importing(NEW))
    [(code, severity, message)] = findings(run, "index")
    assert (code, severity) == ("BT306", "error")
    assert message.startswith(
        "the wheel is for the variant rocm, but Torch 2.12.1 lacks 1 symbol that the wheel "
        f"imports: {NEW}"
    )
    assert findings(run, "index", "--exit-zero") == [(code, severity, message)]
    declare(tree, "2.13.0")
    assert codes(run, "index") == []


@pytest.mark.parametrize("version", ["2.3.0", "99.0.0"])
def test_nothing_is_guessed_of_an_unknown_torch(version: str, run: Run, tree: pathlib.Path) -> None:
    wheel(pathlib.Path(f"index/demo-1.0-3_el9.6-{PLAT}"), importing(NEW))
    declare(tree, version)
    assert codes(run, "index") == []
    (tree / "variants/rocm.yaml").write_text('distro: el9.6\nrocm_version: "7.1"\n')
    assert codes(run, "index") == []


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        ("1_el9.6", ["BT306 warning"]),
        ("1_el9.6_cuda12.9", ["BT306 error"]),
        ("1_el9.6_cuda13.1", []),
        ("1_el9.6_cuda11.8", ["BT306 warning"]),
        ("1_el9.6_cuda13.1_torch2.12.1", ["BT306 error"]),
        ("1_el9.6_cuda13.0_torch2.14.0", []),
    ],
)
def test_a_family_has_several_torch(
    build: str, expected: list[str], run: Run, tree: pathlib.Path
) -> None:
    """The name is for some stacks, or for all: then the wheel loads with some of them only."""
    (tree / "variants/family.yaml").write_text(FAMILY)
    wheel(pathlib.Path(f"index/demo-1.0-{build}-{PLAT}"), importing(NEW))
    wheel(pathlib.Path(f"index/plain-1.0-1_el9.6_cuda13.0-{PLAT}"))
    wheel(pathlib.Path(f"index/plain-1.0-1_el9.6_cuda13.1-{PLAT}"))
    assert codes(run, "family=index") == expected


def test_a_wheel_that_no_stack_of_a_family_loads(run: Run, tree: pathlib.Path) -> None:
    text = FAMILY.replace("2.14.0", "2.12.1")
    (tree / "variants/family.yaml").write_text(text)
    wheel(pathlib.Path(f"index/demo-1.0-1_el9.6-{PLAT}"), importing(NEW))
    assert codes(run, "family=index") == ["BT306 error"]


def test_the_table_counts_unless_the_index_has_each_torch(run: Run, tree: pathlib.Path) -> None:
    """Otherwise, one Torch of the family would stand for all."""
    (tree / "variants/family.yaml").write_text(FAMILY)
    wheel(pathlib.Path(f"index/demo-1.0-1_el9.6-{PLAT}"), importing(NEW))
    wheel(pathlib.Path(f"index/torch-2.14.0-1_el9.6-{PLAT}"), own_torch(OWN))
    assert codes(run, "family=index") == ["BT306 warning"]


def test_nothing_is_compared_if_the_torch_of_a_stack_is_unknown(
    run: Run, tree: pathlib.Path
) -> None:
    (tree / "variants/family.yaml").write_text(FAMILY.replace(', torch_version: "2.14.0"', ""))
    wheel(pathlib.Path(f"index/demo-1.0-1_el9.6-{PLAT}"), importing(NEW))
    assert codes(run, "family=index") == []


def test_an_obsolete_wheel_is_not_used_any_more(run: Run) -> None:
    wheel(pathlib.Path(f"index/demo-1.0-2_el9.6-{PLAT}"), importing(NEW))
    assert codes(run, "index") == ["BT306 error"]
    wheel(pathlib.Path(f"index/demo-1.0-3_el9.6-{PLAT}"))
    assert codes(run, "index") == []


@pytest.mark.parametrize("local", ["", "+rocm7.1"])
def test_the_torch_in_the_index_counts_and_not_the_table(local: str, run: Run) -> None:
    wheel(pathlib.Path(f"index/demo-1.0-3_el9.6-{PLAT}"), importing(NEW, OWN))
    torch = pathlib.Path(f"index/torch-2.12.1{local}-1_el9.6_rocm7.1-{PLAT}")
    assert codes(run, "index") == ["BT307 error"]
    wheel(torch, own_torch(NEW, OWN))
    assert codes(run, "index") == []
    wheel(torch, own_torch(NEW))
    [(code, severity, message)] = findings(run, "index")
    assert (code, severity) == ("BT305", "error")
    assert f"Torch 2.12.1{local} in {torch} lacks 1 symbol" in message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"torch-2.12.0-1_el9.6-{PLAT}", own_torch(NEW)),
        (f"torch-2.12.1-1_el9.6-{PLAT}", library()),
        (f"torch-2.12.1-1_el9.6-{PLAT.replace('cp312', 'cp313')}", own_torch(NEW)),
        (f"torch-2.12.1-1_el9.6-{PLAT.replace('x86_64', 'aarch64')}", own_torch(NEW, machine=183)),
    ],
)
def test_a_torch_that_is_not_installed_with_the_wheel(name: str, content: Files, run: Run) -> None:
    """It is another release, is empty, or is for another Python or machine."""
    wheel(pathlib.Path(f"index/demo-1.0-3_el9.6-{PLAT}"), importing(NEW))
    wheel(pathlib.Path("index", name), content)
    assert codes(run, "index") == ["BT306 error"]


def test_a_damaged_torch_hides_nothing(run: Run) -> None:
    wheel(pathlib.Path(f"index/demo-1.0-3_el9.6-{PLAT}"), importing(NEW))
    pathlib.Path(f"index/torch-2.12.1-1_el9.6-{PLAT}").write_bytes(b"PK")
    assert codes(run, "index") == ["BT306 error"]


def test_the_selected_torch_counts(run: Run) -> None:
    """A wheel for any Python is compared with the Torch for one; the higher build is selected."""
    wheel(pathlib.Path("index/demo-1.0-3_el9.6-py3-none-linux_x86_64.whl"), importing(NEW))
    for number, symbols in ((1, [OWN]), (2, [NEW]), (3, [OWN])):
        python = "cp313" if number == 3 else "cp312"
        name = f"torch-2.12.1-{number}_el9.6-{python}-{python}-linux_x86_64.whl"
        wheel(pathlib.Path("index", name), own_torch(*symbols))
    assert codes(run, "index") == []


def test_a_torch_behind_a_url_is_read_if_a_wheel_needs_it(run: Run, tmp_path: pathlib.Path) -> None:
    names = [f"demo-1.0-3_el9.6-{PLAT}", f"torch-2.12.1-1_el9.6_rocm7.1-{PLAT}"]
    wheel(tmp_path / names[0], importing(NEW))
    wheel(tmp_path / names[1], own_torch(NEW))
    pages: dict[str, Answer] = dict(html_index({"demo": names[:1], "torch": names[1:]}))
    for name in names:
        pages[f"/files/{name}"] = Answer(body=(tmp_path / name).read_bytes())
    with serve(pages) as server:
        assert codes(run, f"{server.url}/simple") == []
        assert server.asked.count(f"/files/{names[1]}") == 2
        wheel(tmp_path / names[0])
        server.answers[f"/files/{names[0]}"] = Answer(body=(tmp_path / names[0]).read_bytes())
        server.asked.clear()
        assert codes(run, f"{server.url}/simple") == []
        assert server.asked.count(f"/files/{names[1]}") == 1
