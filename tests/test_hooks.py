"""The hook that fromager calls: providers, precedence, and error texts."""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest
from fromager import wheels
from packaging.requirements import Requirement
from packaging.version import Version

from fromager_build_tags import hooks, needs
from fromager_build_tags.errors import (
    BuildTagError,
    MissingFactError,
    PluginError,
    SegmentError,
    StackError,
    explain_error,
)
from fromager_build_tags.plan import source
from fromager_build_tags.settings.context import stack_of
from fromager_build_tags.settings.layout import DEPENDS_ON

from .conftest import PLATLIB, PURELIB, MakeContext

type Install = Callable[..., None]

REQ, VERSION = Requirement("flash-attn[x]>=2"), Version("2.8.3")


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch, set_hooks: Install) -> None:
    """ROCm 7.1 and Torch 2.10.0; of the global hooks only ours."""
    monkeypatch.setenv("ROCM_VERSION", "7.1.0")
    monkeypatch.setenv("TORCH_VERSION", "2.10.0")
    set_hooks(needs.distribution)


def suffix(ctx: Any, req: Requirement = REQ, tags: Any = PLATLIB, **more: Any) -> list[str]:
    return list(hooks.build_tag_hook(ctx=ctx, req=req, version=VERSION, wheel_tags=tags, **more))


def error(ctx: Any, req: Requirement = REQ, expected: type[BuildTagError] = PluginError) -> str:
    """Return the error of a wheel, without the name of the wheel."""
    with pytest.raises(expected) as caught:
        suffix(ctx, req)
    text, prefix = explain_error(caught.value), f"no build tag for {req.name} {VERSION}: "
    assert text.startswith(prefix)
    return text.removeprefix(prefix)


def module(name: str, function: Any) -> types.ModuleType:
    made = types.ModuleType(name)
    made.wheel_build_tag = function  # type: ignore[attr-defined]
    return made


def answering(value: Any) -> Callable[..., Any]:
    def wheel_build_tag(*, ctx: Any, req: Any, version: Any, wheel_tags: Any) -> Any:
        return value

    return wheel_build_tag


def annotated(expression: str, **variants: str) -> dict[str, dict[str, Any]]:
    return {
        "flash_attn": {
            "annotations": {DEPENDS_ON: expression},
            "variants": {
                name: {"annotations": {DEPENDS_ON: text}} for name, text in variants.items()
            },
        }
    }


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("flash-attn", ["el9.6", "rocm7.1", "torch2.10.0"]),
        ("Flash_Attn", ["el9.6", "rocm7.1", "torch2.10.0"]),
        ("torch", ["el9.6", "rocm7.1"]),
        ("pillow", ["el9.6"]),
    ],
)
def test_the_shipped_overrides(
    make_context: MakeContext, package: str, expected: list[str]
) -> None:
    assert suffix(make_context(), Requirement(package)) == expected
    assert suffix(make_context(), Requirement(package), PURELIB) == []


def test_fromager_joins_what_the_hook_returns(make_context: MakeContext) -> None:
    ctx = make_context(changelog={"rocm": ["one", "two"]})
    ctx.settings._settings = ctx.settings._settings.model_copy(
        update={"wheels": types.SimpleNamespace(build_tag_hook=hooks.build_tag_hook)}
    )
    tag = wheels.get_build_tag(ctx=ctx, req=REQ, version=VERSION, wheel_tags=PLATLIB)
    assert tag == (2, "_el9.6_rocm7.1_torch2.10.0")
    assert wheels.get_build_tag(ctx=ctx, req=REQ, version=VERSION, wheel_tags=PURELIB) == (2, "")


def test_keywords_of_a_later_fromager_are_ignored(make_context: MakeContext) -> None:
    assert suffix(make_context(), Requirement("pillow"), PURELIB, build_env=None, x=1) == []


@pytest.mark.parametrize(
    ("variant", "expected"),
    [("rocm", ["el9.6", "rocm7.1"]), ("cpu", ["el9.6", "torch2.10.0"]), ("none", ["el9.6"])],
)
def test_the_annotation_takes_precedence_over_the_shipped_override(
    make_context: MakeContext, variant: str, expected: list[str]
) -> None:
    packages = annotated("accelerator", cpu="torch", none="none")
    assert suffix(make_context(variant, packages=packages)) == expected


def test_a_misspelt_annotation_names_file_key_and_remedy(make_context: MakeContext) -> None:
    ctx = make_context(packages=annotated("torhc"))
    assert error(ctx, expected=BuildTagError) == (
        "the annotation build-tags.depends-on of flash-attn for variant 'rocm' "
        f"({ctx.settings_dir}/flash_attn.yaml) is wrong: "
        "unknown dependency 'torhc' in 'torhc'; did you mean 'torch'?"
    )
    ctx = make_context(packages=annotated("torhc"), settings_dir=None)
    assert "(flash_attn.yaml) is wrong" in error(ctx, expected=BuildTagError)


def test_an_own_override_takes_precedence(make_context: MakeContext, set_override: Install) -> None:
    set_override("flash_attn", module("acme.flash", answering([(7, "acme"), (2, "acme1")])))
    assert suffix(make_context(packages=annotated("torch"))) == ["el9.6", "acme1", "acme"]


def test_an_own_override_without_the_function_is_not_the_source(
    make_context: MakeContext, set_override: Install
) -> None:
    set_override("flash_attn", types.ModuleType("acme.flash"))
    assert suffix(make_context()) == ["el9.6", "rocm7.1", "torch2.10.0"]


def test_a_shipped_module_works_as_an_override_of_its_own(
    make_context: MakeContext, set_override: Install
) -> None:
    set_override("some_torch", importlib.import_module("fromager_build_tags_overrides.torch"))
    assert suffix(make_context(), Requirement("some.torch")) == ["el9.6", "rocm7.1"]


def test_fromager_logs_only_its_own_overrides(
    make_context: MakeContext, set_override: Install, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="fromager.overrides")
    suffix(make_context())
    assert caplog.messages == []
    set_override("flash_attn", importlib.import_module("fromager_build_tags_overrides.torch"))
    suffix(make_context())
    assert caplog.messages == [
        "flash_attn: found wheel_build_tag override",
        "flash-attn: override method wheel_build_tag returned [Segment(order=2, text='rocm7.1')]",
    ]


def test_segments_of_all_plugins_are_sorted(make_context: MakeContext, set_hooks: Install) -> None:
    plugins_ = [needs.distribution, answering([(4, "b"), (0, "z")]), answering([(4, "a")])]
    expected = ["z", "el9.6", "rocm7.1", "torch2.10.0", "a", "b"]
    set_hooks(*plugins_)
    assert suffix(make_context()) == expected
    set_hooks(*reversed(plugins_))
    assert suffix(make_context()) == expected


PLUGIN = (
    "the plugin fromager.hooks: wheel_build_tag = acme.hooks:tag (of no installed distribution)"
)
NOT_PAIRS = "is not a sequence of (order, text) pairs, such as [(4, 'abi3')]"
BAD_ANSWERS = [
    (None, f"None {NOT_PAIRS}"),
    ("el9.6", f"'el9.6' {NOT_PAIRS}"),
    (["el9.6"], "'el9.6' is not a pair of an int and a str, such as (4, 'abi3')"),
    ([("a", 1)], "('a', 1) is not a pair of an int and a str, such as (4, 'abi3')"),
    ([(1, "el9_6")], "the text of (1, 'el9_6') has to match [a-zA-Z0-9.]+"),
    ([(1, "")], "the text of (1, '') has to match [a-zA-Z0-9.]+"),
]


@pytest.mark.parametrize(("value", "message"), BAD_ANSWERS)
def test_a_wrong_answer_of_a_plugin_names_entry_point_and_value(
    make_context: MakeContext, set_hooks: Install, value: Any, message: str
) -> None:
    set_hooks(answering(value))
    assert error(make_context()) == f"{PLUGIN} returned a wrong value: {message}"


@pytest.mark.parametrize(("value", "message"), BAD_ANSWERS)
def test_a_wrong_answer_of_an_override_names_module_and_value(
    make_context: MakeContext, set_override: Install, value: Any, message: str
) -> None:
    set_override("flash_attn", module("acme.flash", answering(value)))
    assert error(make_context()) == (f"the override acme.flash returned a wrong value: {message}")


def failing(**_: Any) -> Any:
    raise KeyError("lost")


def test_an_exception_inside_a_plugin_keeps_its_cause(
    make_context: MakeContext, set_hooks: Install
) -> None:
    set_hooks(failing)
    assert error(make_context()) == f"{PLUGIN} failed because 'lost'"


def test_a_plugin_that_exits_is_an_error_with_a_message(
    make_context: MakeContext, set_hooks: Install
) -> None:
    def leaving(**_: Any) -> Any:
        raise SystemExit(0)

    set_hooks(leaving)
    assert error(make_context()) == (
        f"{PLUGIN} called exit(0): let it return pairs, or raise an error"
    )


def test_a_missing_fact_names_the_package_that_needs_it(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORCH_VERSION")
    ctx = make_context()
    assert suffix(ctx, Requirement("torch")) == ["el9.6", "rocm7.1"]
    assert error(ctx, expected=MissingFactError).startswith(
        "the shipped override fromager_build_tags_overrides.flash_attn needs an unknown fact "
        "because the Torch version of variant 'rocm' is unknown: set "
    )


def test_a_conflict_names_no_provider(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert error(
        make_context(constraints=("torch==2.9.1",)), Requirement("pillow"), StackError
    ) == (
        "the stack cannot be resolved because the Torch version is 2.10.0 "
        "(TORCH_VERSION), yet 2.9.1 (the constraint torch==2.9.1): "
        "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION"
    )
    monkeypatch.setenv("WHEEL_BUILD_TAG_DISTRO", "el9_6")
    assert error(make_context(), expected=StackError).startswith(
        "the stack cannot be resolved because WHEEL_BUILD_TAG_DISTRO='el9_6' is not "
    )


def no_wheel_tags(*, ctx: Any, req: Any, version: Any) -> Any: ...
def bare_keywords(**kwargs: Any) -> Any: ...


class NoName:
    def __call__(self, *, ctx: Any, req: Any, version: Any, wheel_tags: Any) -> Any: ...
    def __repr__(self) -> str:
        return "NoName()"


NO_TAGS = (
    "acme.flash.wheel_build_tag does not take wheel_tags, so it cannot recognize a purelib wheel; "
    "write def wheel_build_tag(*, ctx, req, version, wheel_tags)"
)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_wheel_tags, NO_TAGS),
        (bare_keywords, NO_TAGS),
        ("text", "acme.flash.wheel_build_tag is not a function: 'text'"),
        (None, "acme.flash.wheel_build_tag is not a function: None"),
        (
            NoName(),
            "acme.flash.wheel_build_tag has no __name__, which fromager logs: NoName(); "
            "write it with def",
        ),
    ],
)
def test_an_override_that_fromager_cannot_call(
    make_context: MakeContext, set_override: Install, function: Any, message: str
) -> None:
    set_override("flash_attn", module("acme.flash", function))
    assert error(make_context()) == message


def test_two_texts_of_one_order_name_both_providers(
    make_context: MakeContext, set_override: Install
) -> None:
    set_override("flash_attn", module("acme.flash", answering([(1, "fc43")])))
    assert error(make_context(), expected=SegmentError) == (
        "a wheel has one distribution, yet order 1 is "
        "given as 'el9.6' by the plugin fromager.hooks: wheel_build_tag = "
        "fromager_build_tags.needs:distribution "
        f"(fromager-build-tags {metadata.version('fromager-build-tags')}) "
        "and as 'fc43' by the override acme.flash"
    )


def test_the_same_text_twice_shows_once(make_context: MakeContext, set_hooks: Install) -> None:
    set_hooks(needs.distribution, answering([(1, "el9.6"), (5, "x"), (5, "x")]))
    assert suffix(make_context(), Requirement("pillow")) == ["el9.6", "x"]


@pytest.mark.parametrize("package", ["pillow", "flash-attn"])
def test_the_runner_is_a_seam_of_its_own(make_context: MakeContext, package: str) -> None:
    wheel = {"req": Requirement(package), "version": VERSION, "wheel_tags": PLATLIB}
    ctx = make_context()
    found = hooks.run_wheel_build_tag_hooks(ctx=ctx, **wheel)  # type: ignore[arg-type]
    assert [text for _, text in found] == suffix(ctx, Requirement(package))
    assert sorted(found) == list(found)


def test_only_the_needs_decide_without_other_hooks(
    make_context: MakeContext, set_hooks: Install, set_override: Install
) -> None:
    from fromager_build_tags.plan.source import source_of

    ctx = make_context()
    chosen = source_of(ctx, ctx.package_build_info("flash-attn"))
    assert source.deciding_needs(chosen, VERSION, stack_of(ctx)) == frozenset(needs.Need)
    set_hooks(needs.distribution, answering([]))
    assert source.deciding_needs(chosen, VERSION, stack_of(ctx)) is None
    set_hooks(needs.distribution)
    set_override("flash_attn", module("acme.flash", answering([])))
    ctx = make_context()
    chosen = source_of(ctx, ctx.package_build_info("flash-attn"))
    assert source.deciding_needs(chosen, VERSION, stack_of(ctx)) is None
