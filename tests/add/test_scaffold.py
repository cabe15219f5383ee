"""``add`` writes the fewest settings, and never changes an existing value."""

from __future__ import annotations

import ast
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from fromager_build_tags.commands import main
from fromager_build_tags.needs import depends_on, distribution

from ..wheel.craft import Shape, elf_without_sections, with_sections

ANNOTATION = "build-tags.depends-on"
CXX = "_ZN3c104warnEv"
#: A function of the stable ABI that Torch 2.13.0 is the first to export.
STABLE = "torch_exception_get_what"
CUSTOMIZED = (
    "demo-kernels has settings now, so fromager no longer uses the package index's metadata for it"
)

NOTHING = "nothing to write: wheels of demo-kernels get only the distribution segment anyway\n"

type Run = Callable[..., Result]


@pytest.fixture
def packages(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An empty settings tree, in the current folder."""
    path = tmp_path / "settings" / "packages"
    path.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def run(packages: pathlib.Path) -> Run:
    def invoke(*args: str, status: int = 0) -> Result:
        options = ["--settings-file", "settings/settings.yaml", "--settings-dir", str(packages)]
        result = CliRunner().invoke(main, [*options, "add", *args])
        assert result.exit_code == status, result.output
        return result

    return invoke


def make_wheel(
    folder: pathlib.Path,
    *,
    needed: Sequence[str] = (),
    imports: Sequence[str] = (),
    tag: str = "cp312-cp312-linux_x86_64",
    machine: int = 62,
    stem: str = "demo_kernels-1.0",
    sections: bool = True,
    members: Mapping[str, bytes] | None = None,
) -> pathlib.Path:
    """Write a wheel with one library, or with other members."""
    path = folder / f"{stem}-{tag}.whl"
    name, _, version = stem.partition("-")
    library = elf_without_sections(
        Shape(machine=machine), needed=list(needed), imports=list(imports)
    )
    files = {f"{name}/_C.so": with_sections(Shape(), library) if sections else library}
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in (files if members is None else members).items():
            archive.writestr(member, content)
        info = f"{stem}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
    return path


def test_the_annotation_is_written_once(run: Run, packages: pathlib.Path) -> None:
    file = packages / "demo_kernels.yaml"
    result = run("demo-kernels")
    assert result.stdout == f"{file}: {ANNOTATION}: 'accelerator torch'\n"
    assert result.stderr == f"{CUSTOMIZED}\n"
    text = f'annotations:\n  {ANNOTATION}: "accelerator torch"\n'
    assert file.read_text() == text
    result = run("demo-kernels", "--depends-on", "torch accelerator")
    assert result.stdout == f"{file} contains {ANNOTATION}: 'accelerator torch'\n"
    assert result.stderr == ""
    assert file.read_text() == text


def test_existing_text_is_kept(run: Run, packages: pathlib.Path) -> None:
    file = packages / "Demo-Kernels.yaml"  # fromager takes it as well
    file.write_bytes(b"# why\r\nenv: {A: '1'}\r\nannotations:\r\n  'x.y':   z # their\r\n")
    result = run("demo-kernels", "--depends-on", "accelerator if version < 2 else none")
    assert result.stderr == ""
    assert file.read_bytes() == (
        b"# why\r\nenv: {A: '1'}\r\nannotations:\r\n  'x.y':   z # their\r\n"
        b'  build-tags.depends-on: "accelerator if version < 2 else none"\r\n'
    )
    assert [path.name for path in packages.iterdir()] == ["Demo-Kernels.yaml"]


def test_another_annotation_is_shown_and_left(run: Run, packages: pathlib.Path) -> None:
    file = packages / "demo_kernels.yaml"
    file.write_text(f"annotations: {{{ANNOTATION}: none}}\n")
    assert run("demo-kernels", status=1).stderr == (
        f"Error: {file} contains {ANNOTATION}: 'none', not 'accelerator torch'; "
        "nothing is changed: edit the file if it is wrong\n"
    )
    assert file.read_text() == f"annotations: {{{ANNOTATION}: none}}\n"


ENOUGH = (
    "nothing to write: the shipped override of flash-attn is 'accelerator torch'; "
    "--depends-on EXPRESSION replaces it\n"
)


@pytest.mark.parametrize("module", [[], ["--module"]], ids=["annotation", "module"])
@pytest.mark.parametrize("args", [[], ["--depends-on", "torch accelerator"]], ids=str)
def test_a_shipped_override_is_enough(
    run: Run, tmp_path: pathlib.Path, args: list[str], module: list[str]
) -> None:
    assert run("flash-attn", *args, *module).stdout == ENOUGH
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (None, "'accelerator torch if torch < 2.9 else accelerator'"),
        (distribution, "a function"),
    ],
    ids=["one-line", "function"],
)
def test_a_shipped_override_that_one_wheel_cannot_contradict_is_enough(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, function: Any, shown: str
) -> None:
    if function:
        monkeypatch.setattr("fromager_build_tags_overrides.flash_attn_3.wheel_build_tag", function)
    text = (
        f"nothing to write: the shipped override of flash-attn-3 is {shown}; "
        "--depends-on EXPRESSION replaces it\n"
    )
    assert run("flash-attn-3").stdout == text
    wheel = make_wheel(tmp_path, stem="flash_attn_3-3.0.0", imports=[CXX])
    assert run("flash-attn-3", "--from-wheel", str(wheel)).stdout == text
    given = run("flash-attn-3", "--depends-on", "torch").stdout
    assert given.endswith(f": 'torch', which replaces the shipped override ({shown})\n")


def test_a_shipped_override_states_its_evidence(run: Run) -> None:
    assert run("xgboost").stderr == (
        "XGBoost carries CUDA device code, with the runtime linked statically (3.4.1 measured).\n"
    )


def test_a_shipped_override_is_replaced_by_an_annotation(run: Run, packages: pathlib.Path) -> None:
    file = packages / "flash_attn.yaml"
    assert run("flash-attn", "--depends-on", "none").stdout == (
        f"{file}: {ANNOTATION}: 'none', which replaces the shipped override ('accelerator torch')\n"
    )
    assert yaml.safe_load(file.read_text()) == {"annotations": {ANNOTATION: "none"}}
    assert run("flash-attn").stdout == f"{file} contains {ANNOTATION}: 'none'\n"


def test_a_shipped_override_is_replaced_by_a_module(run: Run, tmp_path: pathlib.Path) -> None:
    assert run("flash-attn", "--module", "--depends-on", "torch").stdout.startswith(
        "flash_attn.py: register it in your pyproject.toml to replace the shipped override "
        "('accelerator torch'):\n"
    )
    assert (tmp_path / "flash_attn.py").is_file()


@pytest.mark.parametrize("module", [[], ["--module"]], ids=["annotation", "module"])
def test_torch_depends_on_no_torch(run: Run, packages: pathlib.Path, module: list[str]) -> None:
    assert run("torch", *module).stdout == (
        "nothing to write: the shipped override of torch is 'accelerator'; "
        "--depends-on EXPRESSION replaces it\n"
    )
    given = "none if version < 2 else accelerator torch"
    assert run("torch", "--depends-on", given, *module, status=1).stderr == (
        f"Error: {given!r} makes torch depend on itself: its own version is the Torch ABI; "
        "remove 'torch'\n"
    )
    assert list(packages.iterdir()) == []


@pytest.mark.parametrize("module", [[], ["--module"]], ids=["annotation", "module"])
def test_none_is_redundant(run: Run, tmp_path: pathlib.Path, module: list[str]) -> None:
    assert run("demo-kernels", "--depends-on", "none", *module).stdout == NOTHING
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_none_is_not_added_to_a_file_either(run: Run, packages: pathlib.Path) -> None:
    file = packages / "demo_kernels.yaml"
    file.write_text("env: {A: '1'}\n")
    assert run("demo-kernels", "--depends-on", "none").stdout == NOTHING
    assert file.read_text() == "env: {A: '1'}\n"


def test_an_own_override_takes_precedence_over_an_annotation(
    run: Run, packages: pathlib.Path, set_override: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    module = types.ModuleType("acme_demo")
    module.__file__ = __file__
    module.wheel_build_tag = depends_on("torch")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_demo", module)
    set_override("demo", module)
    assert run("demo", "--depends-on", "accelerator", status=1).stderr == (
        "Error: wheel_build_tag of acme_demo takes precedence over an annotation of "
        "demo; nothing is written: edit the override\n"
    )
    assert list(packages.iterdir()) == []


@pytest.mark.parametrize("spelling", ["auto_gptq", "Auto.GPTQ", "auto-gptq"])
def test_a_name_is_normalized(run: Run, packages: pathlib.Path, spelling: str) -> None:
    run(spelling, "--depends-on", "accelerator")
    assert (packages / "auto_gptq.yaml").exists()


NO_NAME = "is not the name of a package, such as flash-attn"
NO_WHEEL = (
    "is neither a wheel file, which ends with .whl, nor a pinned version of the package, such as "
    "demo==1.0"
)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["Demo Kernels"], f"'Demo Kernels' {NO_NAME}"),
        (["demo_"], f"'demo_' {NO_NAME}"),
        (["-demo"], None),
        (["a/b"], f"'a/b' {NO_NAME}"),
        (["../x"], f"'../x' {NO_NAME}"),
        ([""], f"'' {NO_NAME}"),
        (
            ["demo", "--depends-on", "torhc"],
            "unknown dependency 'torhc' in 'torhc'; did you mean 'torch'?",
        ),
        (
            ["demo", "--from-wheel", "nowhere.whl"],
            "cannot read the wheel 'nowhere.whl': No such file or directory",
        ),
        *(
            (["demo", "--from-wheel", source], f"{source!r} {NO_WHEEL}")
            for source in (
                "",
                ".",
                "./demo",
                "-r x",
                "git+https://x",
                "demo @ https://x/y.whl",
                "https://x.example/demo-1-py3-none-any.whl",
                "demo==1.tar.gz",
                "demo>=1",
                "demo==1; python_version > '3'",
                "other==1",
            )
        ),
        (["demo", "--from-wheel", "x.whl", "--depends-on", "torch"], None),
        (["demo", "--module", "--directory", "nowhere"], None),
        (["demo", "--directory", "."], None),
        (["demo", "--depends-on", ""], "'' has to name dependencies, or 'none' alone"),
    ],
)
def test_bad_input_is_one_clear_error(
    run: Run, packages: pathlib.Path, args: list[str], message: str | None
) -> None:
    result = run(*args, status=2 if message is None else 1)
    assert message is None or result.stderr == f"Error: {message}\n"
    assert list(packages.iterdir()) == []


def test_a_file_that_cannot_be_added_to(run: Run, packages: pathlib.Path) -> None:
    file = packages / "demo.yaml"
    file.write_text("annotations: &a {}\nenv: *a\n")
    assert run("demo", status=1).stderr == (
        f"Error: {file} is not changed: its YAML has a form that nothing can be added "
        "to: edit the file by hand\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(run: Run, packages: pathlib.Path) -> None:
    packages.chmod(0o555)
    assert "cannot be written: Permission denied" in run("demo", status=1).stderr


def test_a_missing_folder_is_made_beside_the_settings(run: Run, packages: pathlib.Path) -> None:
    packages.rmdir()
    (packages.parent / "settings.yaml").write_text("")
    run("demo")
    assert (packages / "demo.yaml").is_file()


def test_a_missing_folder_is_made_with_its_parents_for_a_settings_file(
    packages: pathlib.Path,
) -> None:
    pathlib.Path("settings.yaml").write_text("")
    options = ["--settings-file", "settings.yaml", "--settings-dir", "of/packages"]
    result = CliRunner().invoke(main, [*options, "add", "demo"])
    assert result.exit_code == 0, result.output
    assert pathlib.Path("of/packages/demo.yaml").is_file()


def test_a_missing_folder_is_not_made_elsewhere(run: Run, packages: pathlib.Path) -> None:
    shutil.rmtree(packages.parent)
    assert run("demo", status=1).stderr == (
        f"Error: there are no settings at settings/settings.yaml and {packages}: run "
        "`fromager-build-tags init`, or name them with --settings-file and --settings-dir\n"
    )
    assert not packages.parent.exists()


def test_a_folder_that_cannot_be_made(packages: pathlib.Path) -> None:
    pathlib.Path("settings.yaml").write_text("")
    options = ["--settings-file", "settings.yaml", "--settings-dir", "/proc/none/packages"]
    result = CliRunner().invoke(main, [*options, "add", "demo"])
    assert result.stderr == (
        "Error: /proc/none/packages cannot be made: No such file or directory\n"
    )


def test_a_linked_folder_is_not_followed(run: Run, packages: pathlib.Path) -> None:
    packages.rmdir()
    packages.symlink_to("nowhere")
    (packages.parent / "settings.yaml").write_text("")
    expected = f"Error: {packages} is a symbolic link: not followed\n"
    assert run("demo", status=1).stderr == expected


@pytest.mark.parametrize("machine", [62, 183], ids=["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("needed", "imports", "expression", "reasons"),
    [
        (
            ["libcudart.so.13", "libtorch.so"],
            [CXX],
            "accelerator torch",
            [
                "cuda: demo_kernels/_C.so needs libcudart.so.13",
                "Torch, unstable ABI: demo_kernels/_C.so imports 1 C++ symbols of Torch, "
                "as c10::warn",
                "Torch, unstable ABI: demo_kernels/_C.so needs libtorch.so",
                "it loads with no Torch from 2.4.0 to 2.15.0",
            ],
        ),
        (
            ["libcudart.so.13", "libtorch.so"],
            [STABLE],
            "accelerator",
            [
                "cuda: demo_kernels/_C.so needs libcudart.so.13",
                "Torch, stable ABI: demo_kernels/_C.so imports 1 functions of Torch's stable ABI, "
                f"as {STABLE}",
                "Torch, stable ABI: demo_kernels/_C.so needs libtorch.so",
                "it loads with Torch 2.13 and later; stable ABI, minimum 2.13",
            ],
        ),
        ([], [CXX], "torch", None),
    ],
)  # fmt: skip
def test_a_wheel_shows_its_dependencies(
    run: Run,
    tmp_path: pathlib.Path,
    packages: pathlib.Path,
    needed: list[str],
    imports: list[str],
    expression: str,
    reasons: list[str] | None,
    machine: int,
) -> None:
    wheel = make_wheel(tmp_path, needed=needed, imports=imports, machine=machine)
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert reasons is None or result.stderr.splitlines() == [*reasons, CUSTOMIZED]
    written = yaml.safe_load((packages / "demo_kernels.yaml").read_text())
    assert written == {"annotations": {ANNOTATION: expression}}


def declare_torch(packages: pathlib.Path, **versions: str) -> None:
    """Write a variant file for each Torch version."""
    folder = packages.parent / "variants"
    folder.mkdir(exist_ok=True)
    for variant, version in versions.items():
        (folder / f"{variant}.yaml").write_text(f'distro: el9.8\ntorch_version: "{version}"\n')


LOADS = "it loads with Torch 2.13 and later; stable ABI, minimum 2.13"
EXCLUDED = (
    "the settings declare Torch {}, with which it does not load: without a Torch segment, its name "
    "would fit that Torch, too; keep 'torch', or compile it with a lower TORCH_TARGET_VERSION"
)


@pytest.mark.parametrize(
    ("versions", "machine", "expression", "excluded"),
    [
        ({}, 62, "none", ""),
        ({"cpu": "2.13.0", "cuda": "2.14.1"}, 62, "none", ""),
        ({"cpu": "2.13"}, 62, "none", ""),
        ({"cpu": "2.14.0", "cuda": "2.12.1"}, 62, "torch", "2.12.1 of cuda"),
        ({"cpu": "2.12"}, 183, "torch", "2.12 of cpu"),
        ({"cpu": "2"}, 62, "none", ""),
        ({"cpu": "2.14.0"}, 22, "torch", "2.14.0 of cpu"),
    ],
    ids=["unknown", "all", "minor", "one", "aarch64", "major", "a machine without a known Torch"],
)
def test_torch_is_dropped_only_if_every_declared_torch_loads_the_wheel(
    run: Run,
    tmp_path: pathlib.Path,
    packages: pathlib.Path,
    versions: dict[str, str],
    machine: int,
    expression: str,
    excluded: str,
) -> None:
    """A name without a Torch segment is for each Torch of the settings."""
    declare_torch(packages, **versions)
    wheel = make_wheel(tmp_path, imports=[STABLE], needed=["libtorch.so"], machine=machine)
    result = run("demo-kernels", "--from-wheel", str(wheel))
    lines = result.stderr.splitlines()
    assert (LOADS in lines) is (machine != 22)
    expected = EXCLUDED.format(excluded)
    if machine == 22:
        expected = expected.replace("does not load", "is not known to load")
    assert (expected in lines) is bool(excluded)
    written = packages / "demo_kernels.yaml"
    assert (f"{ANNOTATION}: {expression!r}" in result.stdout) or expression == "none"
    assert written.exists() is (expression != "none")


def test_a_variant_that_cannot_be_read_declares_no_torch(
    run: Run, tmp_path: pathlib.Path, packages: pathlib.Path
) -> None:
    declare_torch(packages, bad="2.x", good="2.12.0")
    wheel = make_wheel(tmp_path, imports=[STABLE])
    stderr = run("demo-kernels", "--from-wheel", str(wheel)).stderr
    assert EXCLUDED.format("2.12.0 of good") in stderr.splitlines()


@pytest.mark.parametrize(
    ("stem", "written"),
    [
        ("torchvision-0.29.2", "accelerator torch"),
        ("flash_attn-2.9.0", None),
        ("demo_kernels-1.0", "accelerator torch"),
    ],
)
def test_a_shipped_override_without_torch_is_replaced_if_a_declared_torch_is_too_low(
    run: Run, tmp_path: pathlib.Path, packages: pathlib.Path, stem: str, written: str | None
) -> None:
    declare_torch(packages, cuda="2.12.0")
    wheel = make_wheel(tmp_path, stem=stem, needed=["libcudart.so.13"], imports=[STABLE])
    name = stem.partition("-")[0]
    result = run(name.replace("_", "-"), "--from-wheel", str(wheel))
    file = packages / f"{name}.yaml"
    assert file.exists() is (written is not None), result.output
    if written:
        assert yaml.safe_load(file.read_text()) == {"annotations": {ANNOTATION: written}}


def test_much_evidence_is_counted(run: Run, tmp_path: pathlib.Path) -> None:
    names = ("cudart.so.13", "cublas.so.13", "cufft.so.12", "nccl.so.2", "curand.so.10")
    wheel = make_wheel(tmp_path, needed=[f"lib{name}" for name in names])
    lines = run("demo-kernels", "--from-wheel", str(wheel)).stderr.splitlines()
    assert lines[3:] == ["cuda: 2 more like these", CUSTOMIZED]


def test_a_wheel_without_accelerator_or_torch_gets_nothing(
    run: Run, tmp_path: pathlib.Path, packages: pathlib.Path
) -> None:
    wheel = make_wheel(tmp_path, needed=["libc.so.6"], imports=["malloc"])
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stderr == "no library in it needs an accelerator or Torch (1 checked)\n"
    assert result.stdout == NOTHING
    assert list(packages.iterdir()) == []


def carrying(*names: str) -> dict[str, bytes]:
    """Return members that nothing in a wheel needs."""
    return {f"nvidia/lib/{name}": ELF for name in names}


@pytest.mark.parametrize(
    ("name", "stack"), [("libnvJitLink.so.12", "cuda"), ("librccl.so.1", "rocm")]
)
def test_a_wheel_of_a_library_of_an_accelerator_depends_on_it(
    run: Run, tmp_path: pathlib.Path, name: str, stack: str
) -> None:
    wheel = make_wheel(tmp_path, members=carrying(name))
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stderr.splitlines() == [
        f"{stack}: nvidia/lib/{name} is a library of {stack}",
        CUSTOMIZED,
    ]
    assert result.stdout.endswith(f"{ANNOTATION}: 'accelerator'\n")


def test_a_package_for_one_cuda_uses_the_libraries_that_it_carries(
    run: Run, tmp_path: pathlib.Path
) -> None:
    members = carrying("libkvikio.so", "kvikio_plugin.so", "libzstd-0d65387f.so.1.5.7")
    wheel = make_wheel(tmp_path, stem="libdemo_cu12-1.0", members=members)
    result = run("libdemo-cu12", "--from-wheel", str(wheel))
    assert result.stdout.endswith(f"{ANNOTATION}: 'accelerator'\n")


def test_a_few_libraries_that_nothing_needs_are_a_hint(run: Run, tmp_path: pathlib.Path) -> None:
    members = carrying("libcupti.so.12", "liba.so", "libb.so")
    wheel = make_wheel(tmp_path, members=members)
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stderr.splitlines() == [
        "cuda, not used: nvidia/lib/libcupti.so.12 is a library of cuda",
        "nothing in it needs the accelerator: add 'accelerator' if it does not work without",
    ]
    assert result.stdout == NOTHING


def test_a_purelib_wheel_depends_on_nothing_that_it_carries(
    run: Run, tmp_path: pathlib.Path
) -> None:
    members = carrying("libcupti.so.12", "liba.so", "libb.so")
    wheel = make_wheel(tmp_path, members=members, tag="py3-none-any")
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert "nothing in it needs the accelerator" not in result.stderr
    assert result.stdout == NOTHING


@pytest.mark.parametrize(
    ("needed", "hint"),
    [
        (["libtorch.so"], "it links libtorch, but imports no symbol that shows which ABI"),
        (["libascendcl.so"], "external libraries not recognized: libascendcl.so"),
        (["libmx_rt.so"], "external libraries not recognized: libmx_rt.so"),  # not libm
        (
            ["liba.so", "libb.so", "libc.so.6", "libc.so", "libd.so", "libe.so.1", "libm.so.6"],
            "external libraries not recognized: liba.so, libb.so, libd.so and 1 more",
        ),
    ],
    ids=["torch", "one", "like libm", "many"],
)
def test_what_a_wheel_does_not_show_is_noted(
    run: Run, tmp_path: pathlib.Path, needed: list[str], hint: str
) -> None:
    wheel = make_wheel(tmp_path, needed=needed)
    assert run("demo-kernels", "--from-wheel", str(wheel)).stderr.splitlines()[1:] == [hint]


def test_a_name_for_dlopen_is_a_hint_and_no_proof(run: Run, tmp_path: pathlib.Path) -> None:
    plain = elf_without_sections(Shape(), needed=[], imports=["dlopen"])
    elf = with_sections(Shape(), plain, ".rodata", b"\0libcuda.so.1\0")
    wheel = make_wheel(tmp_path, members={"d/_C.so": elf})
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stderr.splitlines() == [
        "cuda, not proven: d/_C.so contains libcuda.so.1",
        "no library in it needs an accelerator or Torch (1 checked)",
        "it may load an accelerator at run time: add 'accelerator' if it needs one",
    ]
    assert result.stdout == NOTHING


def test_unknown_libraries_beside_an_accelerator_are_no_hint(
    run: Run, tmp_path: pathlib.Path
) -> None:
    wheel = make_wheel(tmp_path, needed=["libcudart.so.13", "libdoca_verbs.so.2"])
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stderr.splitlines() == [
        "cuda: demo_kernels/_C.so needs libcudart.so.13",
        CUSTOMIZED,
    ]


def test_a_link_to_torch_is_not_called_stable(run: Run, tmp_path: pathlib.Path) -> None:
    wheel = make_wheel(tmp_path, needed=["libtorch.so"])
    assert run("demo-kernels", "--from-wheel", str(wheel)).stderr.startswith(
        "Torch: demo_kernels/_C.so needs libtorch.so\n"
    )


@pytest.mark.parametrize("name", ["libc.so.6", "ld-linux-aarch64.so.1", "libstdc++.so.6",
                                  "libgomp-a34b3233.so.1.0.0", "libpython3.12.so.1.0",
                                  "libc.musl-x86_64.so.1", "libz.so.1",
                                  "libavcodec.so.61", "libssl.so.3"])  # fmt: skip
def test_what_any_system_has_is_no_hint(run: Run, tmp_path: pathlib.Path, name: str) -> None:
    wheel = make_wheel(tmp_path, needed=[name])
    assert "not recognized" not in (run("demo-kernels", "--from-wheel", str(wheel)).stderr)


ELF = with_sections(Shape(), elf_without_sections(Shape(), needed=["libc.so.6"], imports=[]))
CUBIN = elf_without_sections(Shape(machine=190), needed=[], imports=[])
BOTH = elf_without_sections(Shape(), needed=["libcudart.so.13"], imports=[CXX])


@pytest.mark.parametrize(
    ("members", "unread"),
    [
        ({"d/_C.so": ELF, "d/_D.so": ELF[:50]}, "d/_D.so could not be read (truncated)"),
        ({"d/_C.so": CUBIN, "d/_D.so": b""}, "d/_D.so could not be read (empty)"),
        ({"d/_C.pyd": b"MZ" + bytes(62)}, "d/_C.pyd could not be read (PE)"),
        (
            {"d/_C.so": bytes.fromhex("cffaedfe") + bytes(60)},
            "d/_C.so could not be read (Mach-O)",
        ),
        ({"d/__init__.py": b""}, "it contains no library"),
        ({"d/libd.so": b"see libd.a"}, "it contains no library"),
        ({"d/libd.a": b"!<arch>"}, "it contains no library"),
        ({"d/libd.so": b"GROUP ( libd.so.1 )"}, "it contains no library"),
        (
            {"d/_C.so": elf_without_sections(Shape(), needed=["libtorch.so"], imports=[CXX])},
            "d/_C.so has no section headers, which would show device code",
        ),
        (
            {f"d/_{name}.so": b"" for name in "ABCDE"},
            "d/_A.so could not be read (empty); d/_B.so could not be read (empty); "
            "d/_C.so could not be read (empty) and 2 more",
        ),
    ],
)
def test_a_wheel_that_was_not_read_is_no_evidence(
    run: Run,
    tmp_path: pathlib.Path,
    packages: pathlib.Path,
    members: dict[str, bytes],
    unread: str,
) -> None:
    wheel = make_wheel(tmp_path, members=members)
    result = run("demo-kernels", "--from-wheel", str(wheel), status=1)
    assert result.stderr.splitlines()[-1] == (
        f"Error: {str(wheel)!r} does not show the dependencies of demo-kernels: {unread}; "
        "declare them with --depends-on"
    )
    assert "no library in it needs" not in result.stderr
    assert list(packages.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("onnxruntime.dll", b"MZ" + bytes(62), "PE"),
        ("d.pyd", b"MZ" + bytes(62), "PE"),
        ("d.dylib", bytes.fromhex("cffaedfe") + bytes(60), "Mach-O"),
        ("d.so", bytes.fromhex("cafebabe") + bytes(60), "Mach-O"),
        ("d.so", b"", "empty"),
        ("d.so", b"\0asm\1\0\0\0", "not ELF"),
        ("d.so", b"!<arch>\n", "not ELF"),
        ("d.so", b"see libd.so.1", "not ELF"),
        ("d.so", b"INPUT(libd.so.1)", "linker script"),
        ("d.lib", b"!<arch>\n", ""),
        ("d.a", b"!<arch>\n", ""),
    ],
)
def test_what_linux_does_not_load_hides_nothing(
    run: Run, tmp_path: pathlib.Path, name: str, content: bytes, note: str
) -> None:
    wheel = make_wheel(tmp_path, members={"d/_C.so": ELF, f"d/{name}": content})
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stderr.splitlines() == [
        "no library in it needs an accelerator or Torch (1 checked)",
        *([f"d/{name} was not read: {note}"] if note else []),
    ]
    assert result.stdout == NOTHING


@pytest.mark.parametrize(
    "members", [{"d/_C.so": BOTH, "d/_D.so": BOTH[:50]}, {"d/_C.so": BOTH}], ids=str
)
def test_a_wheel_that_shows_every_need_may_have_unread_parts(
    run: Run, tmp_path: pathlib.Path, members: dict[str, bytes]
) -> None:
    wheel = make_wheel(tmp_path, members=members)
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stdout.endswith(f"{ANNOTATION}: 'accelerator torch'\n")


def test_a_library_without_section_headers_can_show_an_accelerator(
    run: Run, tmp_path: pathlib.Path
) -> None:
    wheel = make_wheel(tmp_path, needed=["libcudart.so.13"], sections=False)
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stdout.endswith(f"{ANNOTATION}: 'accelerator'\n")


def test_a_purelib_wheel_gets_nothing(
    run: Run, tmp_path: pathlib.Path, packages: pathlib.Path
) -> None:
    needed = ["libcudart.so.13", "libascendcl.so"]
    wheel = make_wheel(tmp_path, needed=needed, imports=[CXX], tag="py3-none-any")
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert result.stderr.splitlines()[3:] == [
        "it is a purelib wheel, which gets no segments, whatever it contains",
        "its tag fits any platform, but it contains libraries for x86_64",
    ]
    assert result.stdout == NOTHING


def test_device_code_in_a_purelib_wheel_is_for_any_platform(
    run: Run, tmp_path: pathlib.Path
) -> None:
    wheel = make_wheel(tmp_path, tag="py3-none-any", machine=190)
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert "its tag fits any platform" not in result.stderr


def test_a_purelib_wheel_does_not_contradict_platlib_wheels(
    run: Run, tmp_path: pathlib.Path, packages: pathlib.Path
) -> None:
    wheel = make_wheel(tmp_path, stem="deepspeed-0.19.8", tag="py3-none-any", members={})
    assert run("deepspeed", "--from-wheel", str(wheel)).stdout == (
        "nothing to write: the shipped override of deepspeed is 'accelerator torch'; "
        "--depends-on EXPRESSION replaces it\n"
    )
    assert list(packages.iterdir()) == []


@pytest.mark.parametrize(
    ("stem", "needed", "imports"),
    [
        ("torchvision-0.29.2", ["libcudart.so.13", "libtorch.so"], [STABLE]),
        ("torchvision-0.28.0", ["libcudart.so.13", "libtorch.so"], [CXX]),
        ("torchvision-0.28.0", [], [CXX]),  # for the CPU: another build shows more
        ("vllm-0.33.0", ["libcudart.so.13"], [STABLE]),
    ],
)
def test_a_wheel_that_shows_what_is_shipped(
    run: Run,
    tmp_path: pathlib.Path,
    packages: pathlib.Path,
    stem: str,
    needed: list[str],
    imports: list[str],
) -> None:
    wheel = make_wheel(tmp_path, stem=stem, needed=needed, imports=imports)
    result = run(stem.partition("-")[0], "--from-wheel", str(wheel))
    assert result.stdout.startswith("nothing to write: the shipped override of ")
    assert list(packages.iterdir()) == []


def test_a_wheel_that_shows_more_than_is_shipped(
    run: Run, tmp_path: pathlib.Path, packages: pathlib.Path
) -> None:
    wheel = make_wheel(tmp_path, stem="xgboost-3.4.1", imports=[CXX])
    assert run("xgboost", "--from-wheel", str(wheel)).stdout == (
        f"{packages}/xgboost.yaml: {ANNOTATION}: 'accelerator torch', "
        "which replaces the shipped override ('accelerator')\n"
    )


def test_a_wheel_of_another_package_is_refused(run: Run, tmp_path: pathlib.Path) -> None:
    wheel = make_wheel(tmp_path)
    assert run("other", "--from-wheel", str(wheel), status=1).stderr == (
        f"Error: {str(wheel)!r} is a wheel of demo-kernels, not of other\n"
    )


def test_a_module_is_written_once(run: Run, tmp_path: pathlib.Path) -> None:
    assert run("demo-kernels", "--module", "--depends-on", "torch").stdout == (
        "demo_kernels.py: register it in your pyproject.toml:\n\n"
        '[project.entry-points."fromager.project_overrides"]\n'
        'demo_kernels = "my_plugin.demo_kernels"\n'
    )
    file = tmp_path / "demo_kernels.py"
    text = file.read_text()
    spec = importlib.util.spec_from_file_location("demo_kernels", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.wheel_build_tag.expression == "torch"
    run("demo-kernels", "--module", "--depends-on", "torch")
    assert run("demo-kernels", "--module", status=1).stderr == (
        "Error: demo_kernels.py has other content; nothing is changed: edit it, or delete it\n"
    )
    assert file.read_text() == text


@pytest.mark.parametrize("text", ["def wheel_build_tag(*, wheel_tags): return []\n", ""])
def test_a_module_with_other_content_is_left(run: Run, tmp_path: pathlib.Path, text: str) -> None:
    file = tmp_path / "demo.py"
    file.write_text(text)
    assert run("demo", "--module", status=1).stderr == (
        "Error: demo.py has other content; nothing is changed: edit it, or delete it\n"
    )
    assert file.read_text() == text


def test_a_module_of_a_wheel_states_the_evidence(run: Run, tmp_path: pathlib.Path) -> None:
    wheel = make_wheel(tmp_path, needed=["libcudart.so.13"])
    run("demo-kernels", "--module", "--from-wheel", str(wheel))
    assert (tmp_path / "demo_kernels.py").read_text() == (
        '"""What the wheels of demo-kernels depend on.\n\n'
        "- cuda: demo_kernels/_C.so needs libcudart.so.13\n"
        '"""\n\n'
        "from fromager_build_tags.needs import depends_on\n\n"
        'wheel_build_tag = depends_on("accelerator")\n'
    )


def test_a_file_name_does_not_end_the_docstring_of_a_module(
    run: Run, tmp_path: pathlib.Path
) -> None:
    member = 'd/"""\\"\nraise SystemExit("run")\n"""\n.so'
    wheel = make_wheel(tmp_path, members={member: BOTH})
    run("demo-kernels", "--module", "--from-wheel", str(wheel))
    text = (tmp_path / "demo_kernels.py").read_text()
    tree = ast.parse(text)
    assert [type(node).__name__ for node in tree.body] == ["Expr", "ImportFrom", "Assign"]
    assert 'd/"""\\"\\nraise' in str(ast.get_docstring(tree))


def pip(monkeypatch: pytest.MonkeyPatch, *, wheel: pathlib.Path | None, stderr: str = "") -> None:
    """Let pip download *wheel*, or fail; no test talks to a package index."""

    def run(command: list[str], cwd: pathlib.Path, **_: Any) -> subprocess.CompletedProcess[str]:
        folder = cwd / command[command.index("--dest") + 1]
        if wheel is not None:
            (folder / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0 if wheel else 1, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)


def test_a_published_wheel_is_fetched(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip(monkeypatch, wheel=make_wheel(tmp_path, needed=["libcudart.so.13"]))
    result = run("demo-kernels", "--from-wheel", "demo-kernels==1.0")
    assert result.stdout.endswith(f"{ANNOTATION}: 'accelerator'\n")


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [("notice\nERROR: No matching distribution\n", "ERROR: No matching distribution"),
     ("", "no message from pip")],
)  # fmt: skip
def test_pip_provides_no_wheel(
    run: Run, monkeypatch: pytest.MonkeyPatch, stderr: str, reason: str
) -> None:
    pip(monkeypatch, wheel=None, stderr=stderr)
    assert run("demo", "--from-wheel", "demo==1", status=1).stderr == (
        f"Error: pip provides no wheel for 'demo==1': {reason}\n"
    )


@pytest.mark.parametrize(
    ("package", "shown"),
    [
        ("demo", "{file}: build-tags.depends-on: 'accelerator torch'"),
        (
            "xgboost",
            "nothing to write: the shipped override of xgboost is 'accelerator'; --depends-on "
            "EXPRESSION replaces it",
        ),
    ],
)
def test_an_annotation_of_a_variant_is_noted(
    run: Run, packages: pathlib.Path, package: str, shown: str
) -> None:
    file = packages / f"{package}.yaml"
    file.write_text(f"variants:\n  cpu:\n    annotations:\n      {ANNOTATION}: torch\n")
    result = run(package)
    assert result.stdout == shown.format(file=file) + "\n"
    note = f"on cpu, {ANNOTATION}: 'torch' in {file} takes precedence"
    assert result.stderr.splitlines()[-1] == note
    assert run(package).stderr.splitlines()[-1] == note


def test_a_package_with_two_files_is_not_edited(run: Run, packages: pathlib.Path) -> None:
    for name in ("De.Mo.yaml", "de_mo.yaml"):
        (packages / name).write_text("env: {}\n")
    assert run("de-mo", status=1).stderr == (
        f"Error: {packages}/De.Mo.yaml and {packages}/de_mo.yaml are all settings of de-mo, and "
        "fromager uses the last one alone: merge them\n"
    )


def test_a_read_only_file_is_not_edited(run: Run, packages: pathlib.Path) -> None:
    path = packages / "demo.yaml"
    path.write_text("env: {}\n")
    path.chmod(0o444)
    assert run("demo", status=1).stderr == (
        f"Error: {path} is read-only: to allow the change, run chmod u+w {path}\n"
    )
    assert path.read_text() == "env: {}\n"
