"""The stack of a context: read once, found beside the settings, bound in a plan."""

from __future__ import annotations

import gc
import pathlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fromager_build_tags.settings import context
from fromager_build_tags.settings.context import bind, stack_of

from ..conftest import MakeContext


def test_the_variant_file_is_beside_the_settings(
    make_context: MakeContext, variants_dir: pathlib.Path
) -> None:
    (variants_dir / "cpu.yaml").write_text("torch_version: 2.10.0")
    assert str(stack_of(make_context("cpu"))) == "el9.6 cpu torch2.10.0"


@pytest.mark.parametrize("folder", [".", "../packages", "../packages/.", "sub/.."])
def test_the_settings_folder_may_be_the_current_one(
    make_context: MakeContext,
    variants_dir: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
) -> None:
    (variants_dir / "cpu.yaml").write_text("torch_version: 2.10.0")
    (variants_dir.parent / "packages/sub").mkdir(parents=True)
    monkeypatch.chdir(variants_dir.parent / "packages")
    ctx = make_context("cpu", settings_dir=pathlib.Path(folder))
    assert str(stack_of(ctx)) == "el9.6 cpu torch2.10.0"


def test_a_context_without_a_settings_folder_has_fromagers_default(
    make_context: MakeContext, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "overrides/variants").mkdir(parents=True)
    (tmp_path / "overrides/variants/cpu.yaml").write_text("torch_version: 2.10.0")
    assert str(stack_of(make_context("cpu", settings_dir=None))) == "el9.6 cpu torch2.10.0"


def test_a_run_keeps_its_stack(
    make_context: MakeContext, variants_dir: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up and a build of one run have to agree, even if the files change meanwhile."""
    ctx = make_context("cpu")
    before = stack_of(ctx)
    monkeypatch.setenv("TORCH_VERSION", "2.10.0")
    (variants_dir / "cpu.yaml").write_text("distro: el9.6")
    assert stack_of(ctx) is before
    assert str(stack_of(make_context("cpu"))) == "el9.6 cpu torch2.10.0"


def test_a_context_whose_variant_is_set_has_another_stack(make_context: MakeContext) -> None:
    ctx = make_context("cpu")
    assert str(stack_of(ctx)) == "el9.6 cpu"
    ctx.settings.variant = "tpu"  # type: ignore[assignment]
    assert str(stack_of(ctx)) == "el9.6"


def test_the_torch_pin_of_the_constraints_is_observed(make_context: MakeContext) -> None:
    pinned = make_context("cpu", constraints=("torch>=2.9", "torch==2.10.0"))
    assert str(stack_of(pinned)) == "el9.6 cpu torch2.10.0"
    assert str(stack_of(make_context("cpu", constraints=("torch<2.11",)))) == "el9.6 cpu"


def test_a_stack_is_freed_with_its_context(make_context: MakeContext) -> None:
    gc.collect()
    before = len(context._STACKS)
    ctx = make_context("cpu")
    stack_of(ctx)
    assert len(context._STACKS) == before + 1
    del ctx
    gc.collect()
    assert len(context._STACKS) == before


def test_a_context_that_is_bound_to_a_stack(make_context: MakeContext) -> None:
    planned, ctx, other = stack_of(make_context("cpu")), make_context("tpu"), make_context("tpu")
    bind(ctx, planned)
    assert stack_of(ctx) is planned
    assert stack_of(other) is not planned


def test_many_threads_get_one_stack(make_context: MakeContext) -> None:
    ctx, barrier = make_context("cpu"), threading.Barrier(32)

    def ask(_: int) -> str:
        barrier.wait()
        return str(stack_of(ctx))

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(ask, range(32))) == {"el9.6 cpu"}
