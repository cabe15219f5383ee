"""Variant files and explicit variables: what is accepted, and the errors for all else."""

from __future__ import annotations

import pathlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.version import Version

from fromager_build_tags.errors import SettingsError
from fromager_build_tags.settings.declared import stacks_in
from fromager_build_tags.settings.environment import (
    ExplicitSettings,
    declare,
    read_explicit_settings,
)
from fromager_build_tags.settings.variant import StackSettings, read_variant_file
from fromager_build_tags.settings.yamlfile import parse_yaml_mapping
from fromager_build_tags.stack.fact import FACTS, Declaration, Precision


def declared(declaration: Declaration) -> list[dict[str, tuple[str, str]]]:
    """Return each stack's facts as texts: value, and its place."""
    return [
        {
            key: (str(fact.value), str(fact.source).removeprefix(f"{declaration.file.parent}/"))
            for key, fact in stack.facts.items()
        }
        for stack in declaration.stacks
    ]


def test_one_stack(variants_dir: pathlib.Path) -> None:
    (variants_dir / "rocm.yaml").write_text(
        '# a comment\ndistro: el9.6\nrocm_version: "7.1"\ntorch_version: 2.10.0\n'
    )
    declaration = declare("rocm", variants_dir)
    assert not declaration.is_family
    assert declared(declaration) == [
        {
            "distro": ("el9.6", "rocm.yaml:2"),
            "rocm_version": ("7.1", "rocm.yaml:3"),
            "torch_version": ("2.10.0", "rocm.yaml:4"),
        }
    ]
    assert declaration.stacks[0].precision is Precision.PATCH


def test_a_family_shares_accelerator_and_precision(variants_dir: pathlib.Path) -> None:
    (variants_dir / "rubin-ubi9.yaml").write_text(
        "accelerator: cuda\ntorch_precision: minor\nstacks:\n"
        '  - {cuda_version: "13.0"}\n'
        '  - cuda_version: "12.9"\n'
        "    accelerator: gaudi\n"
        "    torch_precision: patch\n"
    )
    declaration = declare("rubin-ubi9", variants_dir)
    assert declaration.is_family
    assert declared(declaration) == [
        {
            "accelerator": ("cuda", "rubin-ubi9.yaml:1"),
            "torch_precision": ("minor", "rubin-ubi9.yaml:2"),
            "cuda_version": ("13.0", "rubin-ubi9.yaml:4"),
        },
        {
            "accelerator": ("gaudi", "rubin-ubi9.yaml:6"),
            "cuda_version": ("12.9", "rubin-ubi9.yaml:5"),
            "torch_precision": ("patch", "rubin-ubi9.yaml:7"),
        },
    ]
    assert [stack.precision for stack in declaration.stacks] == [Precision.MINOR, Precision.PATCH]


@pytest.mark.parametrize("content", [None, "", "# nothing\n", "{}\n"])
def test_no_file_and_an_empty_one_declare_nothing(
    variants_dir: pathlib.Path, content: str | None
) -> None:
    if content is not None:
        (variants_dir / "cpu.yaml").write_text(content)
    assert declared(declare("cpu", variants_dir)) == [{}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1, 2]", "F contains a list, not a mapping of keys to values"),
        (
            "!!set {a}",
            "F contains a !!set or another type, not a mapping of keys to values",
        ),
        ("text", "F contains a single value ('text'), not a mapping of keys to values"),
        (
            "a: b: c",
            "F:1 is not valid YAML: mapping values are not allowed here (a value with ': ' in it "
            "has to be quoted)",
        ),
        (
            "distro: el9.6\ndistro: el9.7\n",
            "F:2 sets the key 'distro' again, after line 1",
        ),
        (
            "\ntorch_verison: '2.10.0'",
            "F:2: unknown key 'torch_verison'; did you mean 'torch_version'?",
        ),
        (
            "zzz: 1",
            "F:1: unknown key 'zzz'; use accelerator, accelerator_version, cuda_version, "
            "distro, gpu_archs, index, rocm_version, stacks, torch_precision, torch_version",
        ),
        (
            "cuda_version: 12.10",
            "F:1: cuda_version: 12.10 is a YAML number, which drops zeros: quote it",
        ),
        ("cuda_version: 13", "F:1: cuda_version: 13 is a YAML number, which drops zeros: quote it"),
        (
            "rocm_version: '7.x'",
            "F:1: rocm_version: '7.x' is not a PEP 440 version, such as 13.0 or 2.10.0",
        ),
        (
            "torch_version: 1!2.0",
            "F:1: torch_version: '1!2.0' has an epoch, which cannot stand in a build tag",
        ),
        (
            "torch_version: [2]",
            "F:1: torch_version: [2] is not a version: write it as a quoted text",
        ),
        ("distro: 9", "F:1: distro: 9 is not a text: quote it"),
        (
            "distro: EL9_6",
            "F:1: distro: 'EL9_6' is not a distribution, such as el9.6, fc43 or ubuntu24.04",
        ),
        (
            "accelerator: cuda13",
            "F:1: accelerator: 'cuda13' is not an accelerator, such as cpu, cuda, rocm or gaudi",
        ),
        (
            "torch_precision: major",
            "F:1: torch_precision: 'major' is not one of 'minor' or 'patch'",
        ),
        (
            "distro: el9.6\nrocm_version: '7.1'\nstacks: [{cuda_version: '13.0'}]",
            "F: rocm_version and stacks exclude each other: move it into each stack",
        ),
        (
            "rocm_version: '7'\ntorch_version: '2.1'\nstacks: [{cuda_version: '13.0'}]",
            "F: rocm_version, torch_version and stacks exclude each other: "
            "move them into each stack",
        ),
        ("stacks:", "F:1: stacks has no value: give one, or remove the key"),
        ("cuda_version: # 13.0", "F:1: cuda_version has no value: give one, or remove the key"),
        ("stacks: []", "F: stacks is empty: list a stack, or remove the key"),
        (
            "stacks: [{cuda_version: '13.0'}, {distro: a}, {cuda_version: '13.0'}]",
            "F: stacks 1 and 3 are equal: remove one",
        ),
        ("stacks: {a: b}", "F:1: stacks: {'a': 'b'} is not a list"),
        ("stacks: [el9.6]", "F:1: stacks.0: 'el9.6' is not a mapping of a stack's keys"),
        (
            "stacks:\n  - cuda: '13.0'\n",
            "F:2: unknown key 'stacks.0.cuda'; use accelerator, accelerator_version, "
            "cuda_version, distro, gpu_archs, rocm_version, torch_precision, torch_version",
        ),
        (
            "stacks:\n  - cuda_version: 13.0\n  - rocm_version: x\n",
            "F:2: stacks.0.cuda_version: 13.0 is a YAML number, which drops zeros: quote it; "
            "F:3: stacks.1.rocm_version: 'x' is not a PEP 440 version, such as 13.0 or 2.10.0",
        ),
        ("gpu_archs: sm_90", "F:1: gpu_archs: 'sm_90' is not a list"),
        ("gpu_archs:", "F:1: gpu_archs has no value: give one, or remove the key"),
        ("gpu_archs: []", "F:1: gpu_archs: [] is empty: list an architecture, or remove the key"),
        ("gpu_archs: [90]", "F:1: gpu_archs.0: 90 is not a text: quote it"),
        (
            "gpu_archs: [sm_90, gfx942x, compute_90]",
            "F:1: gpu_archs.1: 'gfx942x' is not a GPU architecture, such as sm_90, sm_90a or "
            "gfx942; F:1: gpu_archs.2: 'compute_90' is not a GPU architecture, such as sm_90, "
            "sm_90a or gfx942",
        ),
        (
            "gpu_archs: [sm_90, sm_90a]",
            "F:1: gpu_archs: ['sm_90', 'sm_90a'] has sm_90 and sm_90a, which name one GPU: "
            "remove one",
        ),
        (
            "stacks:\n  - gpu_archs: [sm_90, sm_90]",
            "F:2: stacks.0.gpu_archs: ['sm_90', 'sm_90'] has sm_90 and sm_90, which name one GPU: "
            "remove one",
        ),
        ("distro: null\ncuda_version: ''",
         "F:1: distro has no value: give one, or remove the key; "
         "F:2: cuda_version: '' is not a PEP 440 version, such as 13.0 or 2.10.0"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_clear_error(tmp_path: pathlib.Path, content: str, message: str) -> None:
    path = tmp_path / "F.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        read_variant_file(path)
    assert str(caught.value).replace(str(path), "F") == message


def test_a_file_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "directory.yaml").mkdir()
    (tmp_path / "dangling.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"distro: \xe9l9\n")
    (tmp_path / "huge.yaml").write_bytes(b"#" * 1_000_001)
    (tmp_path / "old.yml").write_text("distro: el9.6")
    messages = {}
    for name in ("directory", "dangling", "latin", "huge", "old"):
        with pytest.raises(SettingsError) as caught:
            read_variant_file(tmp_path / f"{name}.yaml")
        messages[name] = str(caught.value).replace(f"{tmp_path}/", "")
    assert messages == {
        "directory": "directory.yaml is a directory, not a file",
        "dangling": "dangling.yaml is a symbolic link: not followed",
        "latin": "latin.yaml is not UTF-8 (byte 8: b'\\xe9')",
        "huge": "huge.yaml is larger than 1,000,000 bytes",
        "old": "old.yml is not read: rename it to old.yaml",
    }


def test_an_alias_bomb_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bomb.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path.write_text("\n".join(lines))
    with pytest.raises(SettingsError, match="it contains more than 10,000 values"):
        read_variant_file(path)


@pytest.mark.parametrize("content", ["&a [*a]", "a: &a {b: *a}", "[" * 5000])
def test_endless_and_deep_yaml_is_refused(tmp_path: pathlib.Path, content: str) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError):
        read_variant_file(path)


@given(st.text() | st.binary())
@example("!!python/object/apply:os.system [true]")
@example("2026-11-24: x\n? [a]\n: b")
@example("<<: {distro: el9.6}")
def test_any_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    path.write_bytes(data)
    try:
        read_variant_file(path)
    except SettingsError as err:
        assert str(path) in str(err)  # noqa: PT017 - it may also be accepted


@pytest.mark.parametrize("variant", ["../../etc/passwd", "a/b", "", ".", "..", ".x", "a\0", "-x"])
def test_a_variant_names_a_file_and_nothing_else(tmp_path: pathlib.Path, variant: str) -> None:
    with pytest.raises(SettingsError) as caught:
        declare(variant, tmp_path)
    assert str(caught.value) == (
        f"the variant {variant!r} cannot name a file in {tmp_path}: "
        "use letters, digits, '-', '_' and '.'"
    )


def test_explicit_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_DISTRO", "el9.6")
    monkeypatch.setenv("WHEEL_BUILD_TAG_CUDA_VERSION", "13.0.1")
    monkeypatch.setenv("WHEEL_BUILD_TAG_TORCH_VERSION", "")
    settings = read_explicit_settings()
    assert (settings.distro, settings.cuda_version, settings.torch_version) == (
        "el9.6",
        Version("13.0.1"),
        None,
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "WHEEL_BUILD_TAG_CUDA_VERSION",
            "7.x",
            "WHEEL_BUILD_TAG_CUDA_VERSION='7.x' is not a PEP 440 version, such as 13.0 or 2.10.0",
        ),
        (
            "WHEEL_BUILD_TAG_DISTRO",
            "el9_6",
            "WHEEL_BUILD_TAG_DISTRO='el9_6' is not a distribution, "
            "such as el9.6, fc43 or ubuntu24.04",
        ),
        (
            "WHEEL_BUILD_TAG_ACCELERATOR",
            "cuda13",
            "WHEEL_BUILD_TAG_ACCELERATOR='cuda13' is not an accelerator, "
            "such as cpu, cuda, rocm or gaudi",
        ),
        (
            "WHEEL_BUILD_TAG_TORHC_VERSION",
            "2.10.0",
            "unknown variable WHEEL_BUILD_TAG_TORHC_VERSION; "
            "did you mean 'WHEEL_BUILD_TAG_TORCH_VERSION'?",
        ),
        (
            "WHEEL_BUILD_TAG_VARIANTS_DIR",
            "nowhere",
            "WHEEL_BUILD_TAG_VARIANTS_DIR='nowhere' is not a directory",
        ),
    ],
)
def test_a_bad_variable_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        declare("cpu", tmp_path)
    assert str(caught.value) == message


def test_all_bad_variables_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEEL_BUILD_TAG_CUDA_VERSION", "x")
    monkeypatch.setenv("WHEEL_BUILD_TAG_DISTRO", "-")
    with pytest.raises(SettingsError, match=r"_DISTRO='-' .*; WHEEL_BUILD_TAG_CUDA_VERSION='x' "):
        read_explicit_settings()


def test_variants_dir_may_be_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "cpu.yaml").write_text("distro: fc43")
    monkeypatch.setenv("WHEEL_BUILD_TAG_VARIANTS_DIR", str(tmp_path))
    assert declared(declare("cpu", pathlib.Path("nowhere"))) == [{"distro": ("fc43", "cpu.yaml:1")}]


def test_every_fact_can_be_declared_and_be_explicit() -> None:
    assert set(FACTS) == set(StackSettings.model_fields) - {"gpu_archs", "torch_precision"}
    assert set(FACTS) == set(ExplicitSettings.model_fields) - {"variants_dir", "verify"}


def test_gpu_architectures_are_declared_for_all_stacks_or_for_one(
    variants_dir: pathlib.Path,
) -> None:
    (variants_dir / "cuda.yaml").write_text(
        "gpu_archs: [sm_90, sm_100f]\nstacks:\n  - {cuda_version: '12.9'}\n"
        "  - {cuda_version: '13.0', gpu_archs: [sm_120]}\n"
    )
    archs = [[*map(str, stack.gpu_archs)] for stack in declare("cuda", variants_dir).stacks]
    assert archs == [["sm_90", "sm_100f"], ["sm_120"]]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("sm_90", " is not a list of texts"),
        ("[[sm_90]]", " is not a list of texts"),
        ("{sm_90: 1}", " is not a list of texts"),
        ("[sm_9]", ": 'sm_9' is not a GPU architecture, such as sm_90, sm_90a or gfx942"),
    ],
)
def test_gpu_architectures_are_checked_without_the_model_too(value: str, reason: str) -> None:
    file = parse_yaml_mapping(f"gpu_archs: {value}\n", pathlib.Path("variants/cuda.yaml"))
    with pytest.raises(SettingsError) as caught:
        list(stacks_in(file))
    assert str(caught.value) == f"variants/cuda.yaml:1: gpu_archs{reason}"


def test_stacks_that_are_no_list_are_refused_without_the_model_too() -> None:
    file = parse_yaml_mapping("stacks: 1\n", pathlib.Path("variants/cuda.yaml"))
    with pytest.raises(
        SettingsError, match=re.escape("variants/cuda.yaml:1: stacks is not a list")
    ):
        list(stacks_in(file))
