"""The files of a new settings tree."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml
from fromager.packagesettings import SettingsFile
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.add import initial
from fromager_build_tags.add.initial import (
    SETTINGS_DIR,
    SETTINGS_FILE,
    InitialFile,
    ci_files,
    settings_files,
    variant_text,
    write_initial,
)
from fromager_build_tags.errors import InputError, OutputError, SettingsError
from fromager_build_tags.settings.hook import HOOK
from fromager_build_tags.settings.variant import VariantSettings

DETECTED = "debian12"


@pytest.mark.parametrize(
    ("variant", "facts"),
    [
        ("cpu", {"distro": "debian12"}),
        ("cuda", {"distro": "debian12"}),
        ("cuda13.0", {"distro": "debian12", "cuda_version": "13.0"}),
        ("cuda130", {"distro": "debian12", "cuda_version": "13.0"}),
        ("cuda13", {"distro": "debian12"}),  # a major version is no fact
        ("rocm7.1-torch2.10.0", {"distro": "debian12", "rocm_version": "7.1"}),
        ("rocm7.1-torch2.10.0", {"torch_version": "2.10.0"}),
        ("cuda13.0-torch2.13-el9.8", {"distro": "el9.8", "cuda_version": "13.0"}),
        ("cpu-fc43", {"distro": "fc43"}),
        ("tpu", {"distro": "debian12"}),
        # a part of the name can mean another distribution than this machine's
        ("cuda13.0-ubi9", {"cuda_version": "13.0"}),
        ("cpu-ubi9", {}),
        ("cpu-el9.6-fc43", {}),
        ("default", {}),
        ("rubin-ubi9", {}),
    ],
)
def test_the_facts_in_the_name_of_a_variant(variant: str, facts: dict[str, str]) -> None:
    data = yaml.safe_load(variant_text(variant, DETECTED)) or {}
    assert facts.items() <= data.items()
    assert ("distro" in data) is ("distro" in facts) or "torch_version" in facts
    assert ("cuda_version" in data) is ("cuda_version" in facts)
    assert "accelerator" not in data


def test_the_text_of_a_variant_file() -> None:
    assert variant_text("cuda13.0-ubi9", DETECTED) == (
        "# What the wheels of variant cuda13.0-ubi9 are built for. All keys are optional.\n"
        '# distro: "el9.6"  # default: os-release of the build machine\n'
        'cuda_version: "13.0"\n'
        '# torch_version: "2.10.0"  # default: TORCH_VERSION, or a torch== pin in the constraints\n'
    )
    assert variant_text("cpu", DETECTED).splitlines()[1] == (
        'distro: "debian12"  # detected on the machine that ran init'
    )
    assert variant_text("cpu", None).splitlines()[1].startswith('# distro: "el9.6"')


@pytest.mark.parametrize("variant", ["cpu", "cuda-ubi9", "rocm7.1", "tpu", "default"])
def test_every_comment_is_a_valid_key(variant: str) -> None:
    text = re.sub(r"(?m)^# (?=\w+:)", "", variant_text(variant, None))
    assert VariantSettings.model_validate(yaml.safe_load(text)).distro == "el9.6"


NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", fullmatch=True) | st.sampled_from(
    ["yes", "null", "1.0", "0x1f", "1e3", "_", "2026-01-01"]
)


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_fromager_reads_every_name(variants: list[str]) -> None:
    """A plain ``yes`` or ``1.0`` would be no text in YAML."""
    *files, settings = settings_files(variants, DETECTED)
    read = SettingsFile.from_string(settings.text)
    assert read.changelog == {name: ["initial"] for name in variants}
    assert settings.path == SETTINGS_FILE
    assert [file.path.name for file in files] == [f"{name}.yaml" for name in variants]
    for file in files:
        VariantSettings.model_validate(yaml.safe_load(file.text) or {})


def test_the_settings_name_the_hook() -> None:
    [settings] = settings_files([], None)
    assert yaml.safe_load(settings.text) == {"wheels": {"build_tag_hook": HOOK}, "changelog": None}


@pytest.mark.parametrize(
    ("variants", "error", "message"),
    [
        (["a/b"], SettingsError, "the variant 'a/b' cannot name a file in overrides/variants: "),
        (["../x"], SettingsError, "the variant '../x' cannot name a file in overrides/variants: "),
        ([""], SettingsError, "the variant '' cannot name a file in overrides/variants: "),
        (["-x"], SettingsError, "the variant '-x' cannot name a file in overrides/variants: "),
        (["a", "b", "a"], InputError, "the variant 'a' is named twice: name it once"),
    ],
)
def test_wrong_names(variants: list[str], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        list(settings_files(variants, None))


FILES = [
    InitialFile(path=pathlib.Path("overrides/variants/cpu.yaml"), text="a"),
    InitialFile(path=SETTINGS_FILE, text="b"),
]


def paths(folder: pathlib.Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


def test_all_files_are_written(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "new" / "tree"
    written, kept = write_initial(folder, FILES)
    assert written == [folder / SETTINGS_DIR, *(folder / file.path for file in FILES)]
    assert kept == []
    assert [(folder / file.path).read_text() for file in FILES] == ["a", "b"]


def test_an_existing_file_is_kept(tmp_path: pathlib.Path) -> None:
    (tmp_path / SETTINGS_DIR).mkdir(parents=True)
    (tmp_path / SETTINGS_FILE).write_text("mine")
    written, kept = write_initial(tmp_path, FILES)
    assert (written, kept) == ([tmp_path / FILES[0].path], [FILES[1]])
    assert (tmp_path / SETTINGS_FILE).read_text() == "mine"


@pytest.mark.parametrize("error", [OutputError("no space"), KeyboardInterrupt()])
def test_all_or_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail_at_the_last(path: pathlib.Path, text: str) -> None:
        if path.name == SETTINGS_FILE.name:
            raise error
        path.write_text(text)

    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(initial, "write_text", fail_at_the_last)
    with pytest.raises(type(error)):
        write_initial(tmp_path / "mine" / "tree", FILES)
    assert paths(tmp_path) == ["mine"]


def test_a_folder_that_cannot_be_made(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: pathlib.Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "mkdir", refuse)
    message = f"{tmp_path}/overrides cannot be made: No space left on device"
    with pytest.raises(OutputError, match=f"^{re.escape(message)}$"):
        write_initial(tmp_path, FILES)
    assert paths(tmp_path) == []


def test_the_actions_are_pinned_by_their_hash() -> None:
    [job] = yaml.safe_load(next(ci_files("github", pre_commit=False)).text)["jobs"].values()
    uses = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(uses) == 2
    assert [each for each in uses if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", each)] == []


def test_without_a_service_there_are_no_files() -> None:
    assert list(ci_files(None, pre_commit=False)) == []
