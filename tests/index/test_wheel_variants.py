"""Wheel variants: labels, their files, and what uv selects with its preview."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from packaging.utils import NormalizedName
from packaging.version import Version

from fromager_build_tags.errors import InputError
from fromager_build_tags.index.listing import IndexFile
from fromager_build_tags.index.targets import Target
from fromager_build_tags.index.wheel_variants import (
    Driver,
    accepted_labels,
    has_property,
    label_of,
    labelled,
    offered,
    relabel,
    select_variant,
    version_json,
    version_json_name,
    version_json_path,
    wheel_json,
)
from fromager_build_tags.tag.filename import parse_wheel_name
from fromager_build_tags.wheel.archive import WheelError

from .simple_server import Server, serve
from .test_select import here
from .variant_indexes import DRIVERS, PROJECT, VariantIndex, environ_of, random_variants
from .wheels import write_wheel

PLAT = "cp312-cp312-linux_x86_64"
#: ``CASES=500 pytest -m weekly tests/index/test_wheel_variants.py`` tries 500 indexes.
CASES = int(os.environ.get("CASES", "50"))


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        (f"a-1-8_el9.6_cuda13.0_torch2.10.0-{PLAT}", "cuda13.0"),
        (f"a-1-8_el9.6_rocm7.1-{PLAT}", "rocm7.1"),
        (f"a-1-8_el9.6_gaudi1.22.0-{PLAT}", "gaudi1.22.0"),
        (f"a-1-8_el9.6_gcu3.5_torch2.10.0-{PLAT}", "gcu3.5"),
        (f"a-1-8_el9.6_cpu_torch2.10.0-{PLAT}", ""),
        (f"a-1-8_el9.6_torch2.10.0-{PLAT}", ""),
        (f"a-1-8_el9.6-{PLAT}", ""),
        (f"a-1-{PLAT}", ""),
        (f"a-1+cu130-{PLAT}", ""),
        (f"a-1-8_el9.6_cuda13.0-{PLAT}-cuda12.9", "cuda13.0"),
        ("a-1-8_cuda13.0-py3-none-any", "cuda13.0"),
        ("a-1-8_el9.6_gcu3.5_torch2.10.0-py3-none-any", ""),  # segments of plugins
    ],
)
def test_the_label_is_the_accelerator_segment(stem: str, label: str) -> None:
    assert label_of(parse_wheel_name(f"{stem}.whl")) == label


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        *((each, True) for each in ("cuda13.0", "cuda13", "cuda13.0.1", "rocm7.1", "cuda12.10")),
        *((each, False) for each in ("cuda", "rocm", "cpu", "", "gaudi1.22", "cuda13.x", "null")),
    ],
)
def test_accelerators_with_a_property(label: str, expected: bool) -> None:
    assert has_property(label) is expected


def test_the_name_of_a_labelled_wheel() -> None:
    name = parse_wheel_name(f"a-1-8_el9.6_cuda13.0-{PLAT}.whl")
    assert labelled(name) == f"a-1-8_el9.6_cuda13.0-{PLAT}-cuda13.0.whl"
    assert parse_wheel_name(labelled(name)) == name._replace(
        filename=labelled(name), label="cuda13.0"
    )


@pytest.mark.parametrize(
    ("stem", "message"),
    [
        (f"a-1-1_cuda13.0-{PLAT}-cuda12.9", "already has the label 'cuda12.9'"),
        (
            f"a-1-1_cuda13.0.123456789-{PLAT}",
            "cannot be a variant label: use 1 to 16 of 0-9, a-z, '.' and '_' (PEP 825)",
        ),
        (
            f"a-1-1_gaudi1.22.0-{PLAT}",
            "cannot be a variant label: use cuda or rocm with a version, such as cuda13.0",
        ),
        (
            f"a-1-1_cuda-{PLAT}",
            "cannot be a variant label: use cuda or rocm with a version, such as cuda13.0",
        ),
        (
            f"a-1-1_cpu-{PLAT}",
            "cannot be a variant label: use 1 to 16 of 0-9, a-z, '.' and '_' (PEP 825)",
        ),
    ],
)
def test_a_wheel_that_cannot_be_labelled(stem: str, message: str, tmp_path: pathlib.Path) -> None:
    name = parse_wheel_name(f"{stem}.whl")
    subject = repr(name.filename)
    if message.startswith("cannot"):
        subject = f"{label_of(name)!r} of {subject}"
    with pytest.raises(InputError) as caught:
        labelled(name)
    assert str(caught.value) == f"{subject} {message}"
    with pytest.raises(InputError) as again:
        relabel(tmp_path / name.filename, tmp_path / "target.whl")
    assert str(again.value) == str(caught.value)


@pytest.mark.parametrize("text", ["cpu", "cuda13.1", "rocm7.1", "cuda12.10"])
def test_a_driver(text: str) -> None:
    assert str(Driver.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "cuda", "cuda13", "cuda13.0.1", "CUDA13.0", "gaudi1.2", "cpu1.0", "cuda1٣.0"]
)
def test_an_unknown_driver(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Driver.parse(text)
    assert str(caught.value) == f"unknown machine {text!r}: use cpu, cuda13.1 or rocm7.1"


_ALL = ["rocm7.1", "cuda12.9", "cuda12.10", "", "cuda13.0", "gaudi1.22", "cuda13", "cuda12.9"]


@pytest.mark.parametrize(
    ("driver", "provides", "expected"),
    [
        ("cpu", {"cuda", "rocm"}, []),
        ("cuda13.1", {"cuda"}, ["cuda13", "cuda13.0", "cuda12.10", "cuda12.9"]),
        ("cuda12.10", {"cuda"}, ["cuda12.10", "cuda12.9"]),
        ("cuda12.9", {"cuda", "rocm"}, ["cuda12.9"]),
        ("cuda12.8", {"cuda", "rocm"}, []),
        ("rocm7.1", {"cuda", "rocm"}, ["rocm7.1"]),
        ("rocm7.1", {"cuda"}, []),
        ("rocm7.2", {"cuda", "rocm"}, []),
    ],
)
def test_the_labels_that_a_machine_accepts(
    driver: str, provides: set[str], expected: Sequence[str]
) -> None:
    accepted = accepted_labels(_ALL, Driver.parse(driver), provides)
    assert accepted == [*expected, ""]


@pytest.mark.parametrize(
    ("version", "supported"),
    [((10, 2), False), ((11, 0), True), ((12, 20), True), ((12, 21), False), ((13, 2), False)],
)
def test_a_driver_supports_the_versions_that_the_provider_lists(
    version: tuple[int, int], supported: bool
) -> None:
    assert Driver.parse("cuda13.1").supports("cuda", version) == supported


def test_the_file_of_a_version() -> None:
    content = version_json(["rocm7.1", "cuda13", "cuda12.9"])
    assert json.loads(content) == {
        "$schema": "https://variants-schema.wheelnext.dev/peps/825/v0.1.1.json",
        "default-priorities": {"namespace": ["nvidia", "amd"]},
        "providers": {
            "nvidia": {
                "requires": ["nvidia-variant-provider"],
                "plugin-api": "nvidia_variant_provider.plugin:NvidiaVariantPlugin",
            },
            "amd": {
                "requires": ["amd-variant-provider"],
                "plugin-api": "amd_variant_provider.plugin:AMDVariantPlugin",
            },
        },
        "variants": {
            "cuda12.9": {"nvidia": {"cuda_version_lower_bound": ["12.9"]}},
            "cuda13": {"nvidia": {"cuda_version_lower_bound": ["13.0"]}},
            "rocm7.1": {"amd": {"rocm_version": ["7.1"]}},
        },
    }
    assert version_json(["cuda12.9", "rocm7.1", "cuda13"]) == content
    assert json.loads(wheel_json("cuda13"))["variants"] == {
        "cuda13": {"nvidia": {"cuda_version_lower_bound": ["13.0"]}}
    }
    project, version = NormalizedName("flash-attn"), Version("2.8.3")
    assert version_json_name(project, version) == "flash_attn-2.8.3-variants.json"
    digest = hashlib.sha256(content).hexdigest()
    path = f"{digest}/flash_attn-2.8.3-variants.json"
    assert version_json_path(project, version, content) == path


@pytest.mark.parametrize("label", ["gaudi1.22", "cuda12.0000000009"])  # the last is too long
def test_a_file_with_an_unknown_label(label: str) -> None:
    with pytest.raises(InputError) as caught:
        version_json(["cuda13.0", label])
    assert str(caught.value) == f"unknown variant label {label!r}: use one such as cuda13.0"


CP312 = Target(python=(3, 12), abi="cp312", platform="linux_x86_64")


@pytest.mark.parametrize(
    ("names", "driver", "expected"),
    [
        (["a-1-9-{}", "a-1-1-{}-cuda13.0"], "cuda13.1", 1),
        (["a-1-9-{}", "a-1-1-{}-cuda13.0"], "cpu", 0),
        (["a-1-9-{}", "a-1-1-{}-cuda13.0"], "cuda12.9", 0),
        (["a-1-9-{}", "a-1-1-{}-rocm7.1"], "rocm7.1", 0),
        (["a-2-1-{}", "a-1-1-{}-cuda13.0"], "cuda13.1", 0),  # the version comes first
        (["a-1-1-{}-cuda13.0", "a-1-9-{}-cuda12.9"], "cuda13.1", 0),
        (["a-1-8-{}-cuda13.0", "a-1-9-{}-cuda13.0"], "cuda13.1", 1),
        (["a-1-1-py3-none-any-cuda13.0", "a-1-1-{}-cuda12.9"], "cuda13.1", 0),
        (["a-1-{}", "a-2-{}-cuda13.0"], "cpu", 0),  # nothing else of the higher version
        (["a-2-{}-cuda13.0"], "cpu", None),
        (["a-1-1-{}", "a-1-1-{}-x86_64_v3"], "cuda13.1", 0),
    ],
)
def test_the_selected_wheel(names: Sequence[str], driver: str, expected: int | None) -> None:
    wheels = [each.format(PLAT) + ".whl" for each in names]
    files = [IndexFile(NormalizedName("a"), each, each) for each in wheels]
    listed = [
        IndexFile(NormalizedName("a"), each, each)
        for each in ("a-1-variants.json", "a-2-variants.json")
    ]
    found = select_variant(offered([*files, *listed]), CP312, Driver.parse(driver))
    assert (found and found.file.filename) == (None if expected is None else wheels[expected])
    plain = select_variant(offered(files), CP312, Driver.parse(driver))
    assert plain is None or not plain.name.label  # no file lists the labels


def test_a_label_is_listed_for_its_own_project_and_version() -> None:
    project = NormalizedName("a-b")
    name = f"a_b-1.0-1-{PLAT}-cuda13.0.whl"
    for listed, expected in {
        "a_b-1.0-variants.json": 1,
        "a-b-1.0-variants.json": 0,  # of "a", in version "b-1.0"
        "a.b-1-variants.json": 1,
        "a_b-2.0-variants.json": 0,
        "a_c-1.0-variants.json": 0,
        "a_b-variants.json": 0,
        "a_b-1.0-Variants.json": 0,
    }.items():
        files = [IndexFile(project, each, each) for each in (name, listed)]
        assert len(offered(files)) == expected, listed


# A relabelled wheel, and real installers.


@pytest.fixture
def plain(tmp_path: pathlib.Path) -> pathlib.Path:
    name = "a_b-1.0-8_el9.6_cuda13.0-py3-none-any.whl"
    return write_wheel(tmp_path / "plain" / name, {"a_b/x.py": b"x = 1\n"})


def test_a_relabelled_wheel_is_not_relabelled_again(
    plain: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    target = tmp_path / plain.name
    relabel(plain, target)
    with zipfile.ZipFile(target) as archive:
        assert archive.read("a_b-1.0.dist-info/variant.json") == wheel_json("cuda13.0")
    with pytest.raises(WheelError) as caught:
        relabel(target, tmp_path / "again.whl")
    assert caught.value.reason == "it already has 'variant.json'"


def test_pip_installs_it_under_its_plain_name(plain: pathlib.Path, tmp_path: pathlib.Path) -> None:
    wheel, target = tmp_path / plain.name, tmp_path / "target"
    relabel(plain, wheel)
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet"]
    command += ["--disable-pip-version-check", "--no-compile", "--target", str(target), str(wheel)]
    subprocess.run(command, check=True)
    with (target / "a_b-1.0.dist-info" / "RECORD").open(newline="") as record:
        hashes = {row[0]: row[1] for row in csv.reader(record) if row[1]}
    assert {"a_b/x.py", "a_b-1.0.dist-info/variant.json"} < hashes.keys()
    for name, expected in hashes.items():
        digest = hashlib.sha256((target / name).read_bytes()).digest()
        assert f"sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')}" == expected


@dataclass(frozen=True, kw_only=True)
class Uv:
    """The real uv, installing from loopback with its preview."""

    folder: pathlib.Path
    server: Server

    def selected(self, index: VariantIndex, root: str, driver: str, requirement: str) -> str:
        """Return the name of the wheel that uv installs; "" for none."""
        self.server.answers.update(index.answers(root, self.folder))
        target = self.folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        command = ["pip", "install", "--no-cache", "--no-deps", "--quiet", "--target", str(target)]
        command += ["--python", sys.executable, "--preview-features", "wheel-variants"]
        command += [f"--default-index={self.server.url}{root}/simple/", requirement]
        subprocess.run(
            [sys.executable, "-m", "uv", *command],
            env=environ_of(driver, self.folder, os.defpath),
            capture_output=True,
            check=False,
        )
        names = [path.read_text() for path in target.glob("*_name.txt")]
        labels = [json.loads(path.read_text()) for path in target.glob("*.dist-info/variant.json")]
        ends = [f"-{label}.whl" for each in labels for label in each["variants"]]
        return "".join(names).replace(".whl", "".join(ends) or ".whl")


@pytest.fixture(scope="module")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uv]:
    with serve({}) as server:
        yield Uv(folder=tmp_path_factory.mktemp("uv"), server=server)


def disagreements(uv: Uv, seed: int, drivers: Sequence[str]) -> Iterator[str]:
    """Yield each selection in which ours and that of uv differ."""
    index = random_variants(seed)
    files = offered(index.listing())
    versions = sorted({each.name.version for each in files})
    for pin in (None, *versions[:1]):
        for driver in drivers:
            machine = Driver.parse(f"cuda{driver}" if driver else "cpu")
            ours = select_variant(files, here(), machine, pin=pin)
            name = ours.file.filename if ours else ""
            requirement = f"{PROJECT}=={pin}" if pin else PROJECT
            theirs = uv.selected(index, f"/index{seed}", driver, requirement)
            if theirs != name:
                yield f"{requirement} {machine}: {theirs or 'nothing'}, not {name or 'nothing'}"


@pytest.mark.once
@pytest.mark.parametrize("seed", range(3))
def test_uv_selects_the_same(seed: int, uv: Uv) -> None:
    assert [*disagreements(uv, seed, DRIVERS[seed::3])] == []


@pytest.mark.weekly
@pytest.mark.parametrize("seed", range(CASES))
def test_uv_selects_the_same_from_each_index(seed: int, uv: Uv) -> None:
    found = [*disagreements(uv, seed, DRIVERS)]
    assert not found, "\n".join([*found, *map(str, random_variants(seed).listing())])
