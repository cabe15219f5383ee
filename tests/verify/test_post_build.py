"""The post-build check, with a real work context."""

from __future__ import annotations

import dataclasses
import logging
import pathlib
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.version import Version

from fromager_build_tags import hooks
from fromager_build_tags.errors import VerifyError
from fromager_build_tags.findings.finding import Finding
from fromager_build_tags.verify import examine, post_build
from fromager_build_tags.verify.post_build import verify_built
from fromager_build_tags.wheel.facts import WheelFacts

from ..conftest import MakeContext
from ..wheel.craft import Shape, elf_without_sections
from .building import PURE, Wheel
from .conftest import Write

LIES = Wheel(tag="8_el9.6_rocm7.1", libraries=["unstable", "libamdhip64.so.7"])
RIGHT = Wheel(tag="8_el9.6_rocm7.1_torch2.10.0", libraries=["unstable", "libamdhip64.so.7"])
OVERTIGHT = Wheel(tag="8_el9.6_cuda13.0_torch2.10.0", libraries=["stable", "libcudart.so.13"])
PROMISES = Wheel(tag="8_el9.6_rocm7.1", libraries=["plain"])
REQ = Requirement("demo-pkg")

type Build = Callable[..., pathlib.Path]


@pytest.fixture
def build(write: Write, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch) -> Build:
    def run(
        wheel: Wheel, mode: str | None, annotation: str | None = None, *, hook: str | None = None
    ) -> pathlib.Path:
        if mode is not None:
            monkeypatch.setenv("WHEEL_BUILD_TAG_VERIFY", mode)
        annotations = {"build-tags.verify": annotation} if annotation else {}
        ctx = make_context("rocm", packages={"demo-pkg": {"annotations": annotations}}, hook=hook)
        path = write(wheel)
        post_build.post_build(
            ctx=ctx,
            req=REQ,
            dist_name="demo-pkg",
            dist_version="1.0",
            sdist_filename=path,
            wheel_filename=path,
        )
        return path

    return run


HOOK = "fromager_build_tags.hooks:build_tag_hook"
our_hook = hooks.build_tag_hook


def wrapper(**arguments: object) -> Sequence[str]:
    return hooks.build_tag_hook(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", [None, ""])
@pytest.mark.parametrize("hook", [HOOK, HOOK.replace(":", "."), f"{__name__}:our_hook"])
def test_it_warns_by_default_if_our_hook_is_configured(
    build: Build, hook: str, mode: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert build(LIES, mode, hook=hook).exists()
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"{LIES.filename}: BT301: ")


@pytest.mark.parametrize(
    ("hook", "mode"),
    [
        (None, None),
        (None, ""),
        (None, "off"),
        ("os.path:basename", None),
        (f"{__name__}:wrapper", None),
        (HOOK, "off"),
    ],
)
def test_it_is_off_without_our_hook(
    build: Build, hook: str | None, mode: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert build(LIES, mode, hook=hook).exists()
    assert caplog.messages == []


@pytest.mark.parametrize("wheel", [RIGHT, Wheel(tag="8", platform=PURE)])
def test_a_right_wheel_passes_in_silence(
    build: Build, wheel: Wheel, caplog: pytest.LogCaptureFixture
) -> None:
    assert build(wheel, "error").exists()
    assert caplog.messages == []


def test_a_wrong_wheel_fails_with_the_remedy_and_is_moved(
    build: Build, tmp_path: pathlib.Path
) -> None:
    kept = tmp_path / "wheels" / "refused" / LIES.filename
    with pytest.raises(VerifyError) as caught:
        build(LIES, "error")
    assert str(caught.value) == (
        f"name and content of {LIES.filename} differ: BT301: the name has no Torch segment, but "
        "demo/unstable.so imports 4 C++ symbols of Torch, as c10::Error: set "
        "build-tags.depends-on of demo-pkg to 'accelerator torch', or change its override, or "
        "build it with Torch's stable ABI | the wheel is kept as "
        f"{kept}; set WHEEL_BUILD_TAG_VERIFY=warn to accept such wheels"
    )
    assert kept.exists()
    assert not (tmp_path / LIES.filename).exists()


def test_a_wrong_wheel_that_cannot_be_moved_fails_with_the_remedy(
    build: Build, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "wheels" / "refused"
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file")
    with pytest.raises(VerifyError) as caught:
        build(LIES, "error")
    assert str(caught.value).endswith(
        f"or build it with Torch's stable ABI | the wheel cannot be moved to {folder} (File "
        f"exists): delete {tmp_path / LIES.filename}, or the next run takes it for finished; "
        "set WHEEL_BUILD_TAG_VERIFY=warn to accept such wheels"
    )


UNNAMED = Wheel(libraries=["unstable", "libamdhip64.so.7"])
NUMBERED = dataclasses.replace(UNNAMED, tag="1")
ENTRY = {"rocm": ["first build"]}
SET = "set build-tags.depends-on of demo-pkg to 'accelerator torch', or change its override"

NUMBER = (
    "demo-pkg 1.0 has no build number on rocm, so fromager does not call the hook: add an entry to "
    "changelog.rocm in fromager's settings file"
)


@pytest.mark.parametrize(
    ("wheel", "hook", "changelog", "depends_on", "remedy"),
    [
        (
            UNNAMED,
            HOOK,
            {},
            "accelerator torch",
            NUMBER,
        ),
        (
            UNNAMED,
            HOOK,
            {"cuda": ["first build"]},
            None,
            f"{NUMBER}; and {SET}",
        ),
        (
            NUMBERED,
            None,
            ENTRY,
            "accelerator torch",
            f'set wheels: {{build_tag_hook: "{HOOK}"}} in fromager\'s settings file',
        ),
        (
            NUMBERED,
            "os.path:basename",
            ENTRY,
            "torch accelerator",
            f"call {HOOK} in posixpath:basename, the configured wheels.build_tag_hook",
        ),
        (NUMBERED, HOOK, ENTRY, None, SET),
        (NUMBERED, HOOK, ENTRY, "accelerator", SET),
        (
            NUMBERED,
            HOOK,
            ENTRY,
            "accelerator torch if version < 2 else none",
            "the annotation build-tags.depends-on: 'accelerator torch if version < 2 else none' of "
            "demo-pkg provides 'accelerator torch' already: find out where the segments get lost "
            "with `fromager build-tags explain demo-pkg`",
        ),
        (NUMBERED, HOOK, ENTRY, "acelerator", SET),
    ],
)
def test_the_remedy_depends_on_the_settings(
    write: Write,
    make_context: MakeContext,
    monkeypatch: pytest.MonkeyPatch,
    wheel: Wheel,
    hook: str | None,
    changelog: dict[str, list[str]],
    depends_on: str | None,
    remedy: str,
) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_VERIFY", "error")
    annotations = {"build-tags.depends-on": depends_on} if depends_on else {}
    ctx = make_context(
        "rocm",
        packages={"demo-pkg": {"annotations": annotations}},
        changelog=changelog,
        hook=hook,
    )
    with pytest.raises(VerifyError) as caught:
        verify_built(ctx, REQ, write(wheel))
    assert f": {remedy}, or build it with Torch's stable ABI | " in str(caught.value)


def test_mode_warn_accepts_a_wrong_wheel(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    assert build(LIES, "warn").exists()
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"{LIES.filename}: BT301: the name has no Torch")


def test_mode_warn_fails_no_build_when_a_check_raises(
    build: Build, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, *, device_code: bool) -> WheelFacts:
        raise RecursionError

    monkeypatch.setattr(examine, "read_wheel", fail)
    assert build(RIGHT, "warn").exists()
    [message] = caplog.messages
    assert message.startswith(
        f"{RIGHT.filename}: BT341: the wheel cannot be read: RecursionError: report"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "BT341: No such file or directory: "),
        (b"", "BT341: not a zip archive, or truncated"),
        (b"\x1b[2J \xff", "BT341: not a zip archive, or truncated"),
    ],
)
def test_mode_warn_fails_no_build_whatever_is_built(
    make_context: MakeContext,
    tmp_path: pathlib.Path,
    content: bytes | None,
    problem: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / RIGHT.filename
    if content is not None:
        path.write_bytes(content)
    verify_built(make_context("rocm", hook=HOOK), REQ, path)
    [message] = caplog.messages
    assert message.startswith(f"{RIGHT.filename}: {problem}")


def test_mode_warn_fails_no_build_when_the_check_itself_raises(
    build: Build, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Iterator[Finding]:
        raise MemoryError("\x1b[2J")

    monkeypatch.setattr(post_build, "verify_wheel", fail)
    assert build(RIGHT, None, hook=HOOK).exists()
    assert caplog.messages == [
        f"{RIGHT.filename} is not verified: MemoryError: \\x1b[2J: report it to "
        "fromager-build-tags, with the wheel: its findings may be incomplete"
    ]
    with pytest.raises(MemoryError):
        build(RIGHT, "error")


@pytest.mark.parametrize(
    ("torch", "codes"), [("2.10.0", ["BT306"]), ("2.13.0", []), ("99", []), (None, [])]
)
def test_a_stable_wheel_of_another_environment_than_the_variant(
    build: Build,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    torch: str | None,
    codes: Sequence[str],
) -> None:
    """Its name does not show the headers that it was compiled with."""
    if torch:
        monkeypatch.setenv("WHEEL_BUILD_TAG_TORCH_VERSION", torch)
    imports = ["torch_exception_get_what"]
    library = elf_without_sections(Shape(), needed=["libtorch.so"], imports=imports)
    build(Wheel(tag="8_el9.6", members={"demo/_C.so": library}), "warn")
    shown = [each.partition(": ")[2] for each in caplog.messages if "BT342" not in each]
    assert [each.partition(":")[0] for each in shown] == codes
    assert all("the variant rocm, but Torch 2.10.0 lacks" in each for each in shown)


def test_a_wrong_variant_file_does_not_hide_a_finding(
    build: Build, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_TORCH_VERSION", "no version")
    build(LIES, "warn")
    [message] = caplog.messages
    assert message.startswith(f"{LIES.filename}: BT301: ")


def test_a_warning_of_a_rule_does_not_fail(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    assert build(OVERTIGHT, "error").exists()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_declared_exemption_is_logged(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert build(PROMISES, "error", "accelerator: hipcc compiles at first use").exists()
    [message] = caplog.messages
    assert message.endswith(": suppressed (hipcc compiles at first use)")


def test_an_invalid_exemption_fails(build: Build) -> None:
    with pytest.raises(VerifyError) as caught:
        build(RIGHT, "error", "accelerator")
    assert str(caught.value).startswith(
        f"{RIGHT.filename} cannot be verified: BT106: annotation build-tags.verify of demo-pkg for "
        "variant 'rocm': 'accelerator' has no reason; write 'accelerator: REASON': correct it; "
        "until then it has no effect | the wheel is kept as "
    )


def test_an_invalid_exemption_hides_no_error(build: Build) -> None:
    with pytest.raises(VerifyError, match=r" differ: BT106: .* \| BT301: "):
        build(LIES, "error", "accelerator")


def test_an_invalid_mode_accepts_a_right_wheel_and_refuses_a_wrong_one(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    assert build(RIGHT, "fail").exists()
    assert caplog.messages == [
        "WHEEL_BUILD_TAG_VERIFY='fail' is not one of 'off', 'warn' or 'error'; wheels are verified "
        "in mode 'error'"
    ]
    with pytest.raises(VerifyError, match=r"name and content of .* differ"):
        build(LIES, "fail")


def test_an_invalid_mode_does_not_affect_build_tags(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_VERIFY", "fail")
    tags = frozenset({Tag("cp312", "cp312", "linux_x86_64")})
    found = hooks.build_tag_hook(
        ctx=make_context("rocm"), req=REQ, version=Version("1.0"), wheel_tags=tags
    )
    assert found == ["el9.6"]


def test_bootstrap_verifies_what_it_builds_and_nothing_else(
    write: Write, make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_VERIFY", "error")
    ctx, path = make_context("rocm"), write(LIES)
    for sdist, wheel in [(None, path), (path, None)]:
        post_build.post_bootstrap(ctx=ctx, req=REQ, sdist_filename=sdist, wheel_filename=wheel)
    with pytest.raises(VerifyError):
        post_build.post_bootstrap(ctx=ctx, req=REQ, sdist_filename=path, wheel_filename=path)


@pytest.mark.parametrize("name", ["post_build", "post_bootstrap"])
def test_the_entry_points_are_registered(name: str) -> None:
    [found] = metadata.entry_points(
        group="fromager.hooks", name=name, value=f"fromager_build_tags.verify.post_build:{name}"
    )
    assert found.load() is getattr(post_build, name)
