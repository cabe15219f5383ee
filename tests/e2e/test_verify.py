"""The post-build check: the real fromager builds a wheel, and a wheel with a false name is refused.

flash-attn is a stand-in that links a stand-in libtorch, whose C++ API it calls, and a stand-in
of ROCm's runtime.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
from collections.abc import Callable, Iterator

import pytest

from .factories import MakeWorkspace
from .index import serve, write_index
from .stacks import FLASH_ATTN, ROCM, platlib
from .workspaces import Workspace

pytestmark = pytest.mark.e2e

LINKING = dataclasses.replace(
    FLASH_ATTN,
    requires=(),
    links=(("libtorch.so", "_ZN3c104warnEv"), ("libamdhip64.so.7", "hipMalloc")),
)
RIGHT = platlib("flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0")
WRONG = platlib("flash_attn-2.8.3-8_el9.6_rocm7.1")

type MakeLinking = Callable[[str | None], Workspace]


@pytest.fixture(scope="module")
def linking_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("linking-index")
    write_index(root / "simple", [LINKING])
    with serve(root) as url:
        yield f"{url}/simple"


@pytest.fixture
def make_linking(make_workspace: MakeWorkspace, linking_url: str) -> MakeLinking:
    """A function that makes a workspace in which flash-attn comes from its own index.

    An annotation takes precedence over the shipped override.
    """

    def make(depends_on: str | None) -> Workspace:
        workspace = make_workspace(ROCM)
        path = workspace.settings / "packages" / "flash_attn.yaml"
        text, _, _ = path.read_text(encoding="utf-8").partition("resolver_dist:")
        text += f"resolver_dist:\n  sdist_server_url: {linking_url}\n"
        if depends_on is not None:
            text += f"annotations:\n  build-tags.depends-on: {depends_on}\n"
        path.write_text(text, encoding="utf-8")
        return workspace

    return make


def _build(linking_url: str, command: str) -> list[str]:
    pin = f"{LINKING.name}=={LINKING.version}"
    return {
        "build": ["build", LINKING.name, LINKING.version, linking_url],
        "bootstrap": ["bootstrap", pin],
    }[command]


each_command = pytest.mark.parametrize(
    "command", ["build", pytest.param("bootstrap", marks=pytest.mark.nightly)]
)


@each_command
def test_with_its_override_it_builds_and_a_second_run_reuses_it(
    command: str, make_linking: MakeLinking, linking_url: str
) -> None:
    workspace = make_linking(None)
    first = workspace.fromager(*_build(linking_url, command), WHEEL_BUILD_TAG_VERIFY="error")
    assert "BT3" not in first.stderr  # fromager's own notes agree, too
    assert workspace.wheel_names() == {RIGHT}
    before = workspace.wheel_times()
    run = workspace.fromager("bootstrap", f"{LINKING.name}=={LINKING.version}",
                             WHEEL_BUILD_TAG_VERIFY="error")  # fmt: skip
    assert run.compiled == []
    assert workspace.wheel_times() == before


@each_command
def test_without_it_the_build_fails_with_the_remedy_each_time(
    command: str, make_linking: MakeLinking, linking_url: str
) -> None:
    workspace = make_linking("accelerator")
    kept = workspace.folder / "wheels-repo" / "refused" / WRONG
    for _ in range(2):
        run = workspace.fromager(
            *_build(linking_url, command), status=1, WHEEL_BUILD_TAG_VERIFY="error"
        )
        assert run.compiled == [f"{LINKING.import_name} {LINKING.version}"]
        assert (
            f"name and content of {WRONG} differ: BT301: the name has no Torch segment, but "
            "flash_attn/_native.so imports 1 C++ symbols of Torch, as c10::warn: set "
            "build-tags.depends-on of flash-attn to 'accelerator torch', or change its override, "
            "or build it with Torch's stable ABI | the wheel is kept as "
        ) in run.stderr
        assert workspace.wheel_names() == set()
        assert kept.exists()


def test_the_remedy_helps(make_linking: MakeLinking, linking_url: str) -> None:
    workspace = make_linking("accelerator torch")
    workspace.fromager(*_build(linking_url, "build"), WHEEL_BUILD_TAG_VERIFY="error")
    assert workspace.wheel_names() == {RIGHT}


def test_without_a_number_the_remedy_is_the_changelog(
    make_linking: MakeLinking, linking_url: str
) -> None:
    workspace = make_linking("accelerator torch")
    file = workspace.settings / "settings.yaml"
    without, _, _ = file.read_text(encoding="utf-8").partition("changelog:")
    file.write_text(without, encoding="utf-8")
    package = workspace.settings / "packages" / "flash_attn.yaml"
    text = re.sub(r"(?ms)^changelog:\n( .*\n)+", "", package.read_text(encoding="utf-8"))
    package.write_text(text, encoding="utf-8")
    run = workspace.fromager(
        *_build(linking_url, "build"), status=1, WHEEL_BUILD_TAG_VERIFY="error"
    )
    assert (
        "flash-attn 2.8.3 has no build number on rocm, so fromager does not call the hook: add an "
        f"entry to changelog.rocm in {file}, or build it without rocm"
    ) in run.stderr


def test_without_the_hook_the_remedy_is_the_hook(
    make_linking: MakeLinking, linking_url: str
) -> None:
    workspace = make_linking("accelerator torch")
    file = workspace.settings / "settings.yaml"
    _, changelog, entries = file.read_text(encoding="utf-8").partition("changelog:")
    file.write_text(changelog + entries, encoding="utf-8")
    run = workspace.fromager(
        *_build(linking_url, "build"), status=1, WHEEL_BUILD_TAG_VERIFY="error"
    )
    assert (
        ': set wheels: {build_tag_hook: "fromager_build_tags.hooks:build_tag_hook"} in '
        f"{file}, or build it without rocm"
    ) in run.stderr


@pytest.mark.parametrize("mode", ["", "off"])
def test_a_build_warns_by_default_and_goes_on(
    mode: str, make_linking: MakeLinking, linking_url: str
) -> None:
    workspace = make_linking("accelerator")
    run = workspace.fromager(*_build(linking_url, "build"), WHEEL_BUILD_TAG_VERIFY=mode)
    assert workspace.wheel_names() == {WRONG}
    assert ("BT301" in run.stderr) is (mode == "")


def test_the_command_has_the_same_finding(
    make_linking: MakeLinking, linking_url: str, tmp_path: pathlib.Path
) -> None:
    workspace = make_linking("accelerator")
    workspace.fromager(*_build(linking_url, "build"))
    report = tmp_path / "report.json"
    verify = ("build-tags", "verify", workspace.downloads, "--format", "json", "-o", report)
    workspace.fromager(*verify, status=1)
    assert '"code": "BT301"' in report.read_text(encoding="utf-8")


def test_a_deep_audit_has_the_same_finding(
    make_linking: MakeLinking, linking_url: str, tmp_path: pathlib.Path
) -> None:
    workspace = make_linking("accelerator")
    workspace.fromager(*_build(linking_url, "build"))
    report = tmp_path / "report.json"
    audit = ("build-tags", "audit", workspace.downloads, "--format", "json", "-o", report)
    workspace.fromager(*audit)
    workspace.fromager(*audit, "--deep", status=1)
    [found] = json.loads(report.read_text(encoding="utf-8"))["findings"]
    assert (found["code"], found["inside"]) == ("BT301", "flash_attn/_native.so")
