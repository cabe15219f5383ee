"""Input of the golden commands: settings trees from data, wheels and repositories from code."""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fromager_build_tags.tag.filename import split_label

from ..index.simple_server import Answer, html_index, json_index
from ..index.wheels import write_sdist, write_wheel
from ..repositories import Checkout
from ..trees import write_tree
from ..wheel.craft import Shape, elf_without_sections, with_sections
from ..wheel.device_samples import container, entry
from ..wheel.device_samples import library as device_code

TREES: Final = pathlib.Path(__file__).parent / "commands" / "trees"

PLAT: Final = "cp312-cp312-linux_x86_64.whl"
PURE: Final = "py3-none-any.whl"

CXX: Final = "_ZTIN3c105ErrorE"
#: Torch 2.9.0 is the first that exports it.
STABLE: Final = "aoti_torch_is_defined"
STABLE_FROM_2_13: Final = "torch_exception_get_what"
#: That Torch 2.13.0 exports, and no other release.
CXX_OF_2_13: Final = "_ZN5torch8profiler4impl19CuptiMonitorBuffers14record_layoutsEm"
NOWHERE: Final = "_ZN3c106nobodyEv"
CUDART: Final = "libcudart.so.13"
HIP: Final = "libamdhip64.so.7"

type Scene = Callable[[pathlib.Path], None]


def scene(*steps: Scene) -> Scene:
    """Join scenes: each adds to the same folder."""

    def build(root: pathlib.Path) -> None:
        for step in steps:
            step(root)

    return build


def empty(root: pathlib.Path) -> None:
    """Write nothing."""


def tree(name: str) -> Scene:
    """Copy a settings tree from the data folder."""
    return lambda root: _copy(TREES / name, root)


def files(content: Mapping[str, str | None]) -> Scene:
    """Write files; remove those whose content is None."""
    return lambda root: write_tree(root, content)


def copied(source: str, target: str) -> Scene:
    """Copy a file or a folder from the data folder."""

    def build(root: pathlib.Path) -> None:
        if (TREES / source).is_dir():
            _copy(TREES / source, root / target)
        else:
            shutil.copyfile(TREES / source, root / target)

    return build


def committed(base: Scene, head: Scene) -> Scene:
    """Commit *base* on the branch main, and apply *head* to the working tree."""

    def build(root: pathlib.Path) -> None:
        base(root)
        Checkout.create(root, {})
        head(root)

    return build


def replaced(file: str, old: str, new: str) -> Scene:
    """Replace a text in a file."""

    def build(root: pathlib.Path) -> None:
        text = (root / file).read_text()
        assert old in text
        (root / file).write_text(text.replace(old, new))

    return build


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)


def library(
    *,
    needs: Sequence[str] = (),
    imports: Sequence[str] = (),
    exports: Sequence[str] = (),
    machine: int = 62,
    member: str = "demo/_C.so",
) -> Mapping[str, bytes]:
    """Return one library as the content of a wheel."""
    shape = Shape(machine=machine)
    elf = elf_without_sections(shape, needed=list(needs), imports=list(imports), exports=exports)
    return {member: with_sections(shape, elf)}


#: The content of a wheel in which nothing needs an accelerator or Torch.
PLAIN: Final = library()


def wheel(
    path: pathlib.Path,
    content: Mapping[str, bytes] = PLAIN,
    *,
    build: str | None = None,
    tag: str | None = None,
    metadata: str | None = None,
    requires: Sequence[str] = (),
) -> None:
    """Write a wheel whose WHEEL and METADATA agree with its name unless an argument differs."""
    plain, _ = split_label(path.name)
    name, version, *builds, python, abi, platform = plain.removesuffix(".whl").split("-")
    build = "".join(builds) if build is None else build
    lines = [
        "Wheel-Version: 1.0",
        f"Root-Is-Purelib: {str(platform == 'any').lower()}",
        *([f"Build: {build}"] if build else []),
        f"Tag: {tag or f'{python}-{abi}-{platform}'}",
    ]
    head = metadata or f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    head += "".join(f"Requires-Dist: {each}\n" for each in requires)
    folder = f"{name}-{version}.dist-info"
    own = {
        f"{folder}/METADATA": head.encode(),
        f"{folder}/WHEEL": "\n".join([*lines, ""]).encode(),
    }
    write_wheel(path, {**own, **content})


def good_and_bad_wheels(root: pathlib.Path) -> None:
    """Write one wheel for each kind of finding, and two without a finding, to ``dist``."""
    dist = root / "dist"
    torch = ["libtorch.so"]
    wheel(dist / f"good-1.0-8_el9.6-{PLAT}")
    wheel(dist / f"good-1.1-8_el9.6_cuda13.0_torch2.10.0-{PLAT}", _torch_and_cuda())
    wheel(dist / f"hidden_torch-1.0-8_el9.6-{PLAT}", library(needs=torch, imports=[CXX]))
    wheel(
        dist / f"stable_torch-1.0-8_el9.6_torch2.10.0-{PLAT}",
        library(needs=torch, imports=[STABLE]),
    )
    wheel(dist / f"no_torch-1.0-8_el9.6_torch2.10.0-{PLAT}")
    wheel(
        dist / f"other_torch-1.0-8_el9.6_torch2.10.0-{PLAT}",
        library(needs=torch, imports=[CXX]),
        requires=["torch==2.9.1"],
    )
    wheel(
        dist / f"lacking_torch-1.0-8_el9.6_torch2.10.0-{PLAT}",
        library(needs=torch, imports=[CXX, CXX_OF_2_13]),
    )
    wheel(
        dist / f"below_minimum-1.0-8_el9.6-{PLAT}",
        library(needs=torch, imports=[STABLE_FROM_2_13]),
        requires=["torch==2.10.0"],
    )
    wheel(
        dist / f"unknown_symbols-1.0-8_el9.6_torch2.10.0-{PLAT}",
        library(needs=torch, imports=[NOWHERE]),
    )
    wheel(
        dist / f"lacking_required-1.0-8_el9.6-{PLAT}",
        library(needs=torch, imports=[CXX_OF_2_13]),
        requires=["torch==2.10.0"],
    )
    wheel(dist / f"hidden_accelerator-1.0-8_el9.6-{PLAT}", library(needs=[CUDART]))
    wheel(dist / f"no_accelerator-1.0-8_el9.6_cuda13.0-{PLAT}")
    wheel(dist / f"other_accelerator-1.0-8_el9.6_cuda13.0-{PLAT}", library(needs=[HIP]))
    wheel(dist / f"other_major-1.0-8_el9.6_cuda12.9-{PLAT}", library(needs=[CUDART]))
    wheel(dist / f"several_accelerators-1.0-8_el9.6_cuda13.0-{PLAT}", library(needs=[CUDART, HIP]))
    wheel(
        dist / f"other_major_required-1.0-8_el9.6_cuda13.0-{PLAT}",
        library(needs=[CUDART]),
        metadata="Metadata-Version: 2.1\nName: other-major-required\nVersion: 1.0\n"
        "Requires-Dist: nvidia-nccl-cu12\n",
    )
    cuda = root / "settings" / "variants" / "cuda.yaml"
    cuda.write_text(f"{cuda.read_text()}gpu_archs: [sm_80, sm_120]\n")
    wheel(
        dist / f"missing_arch-1.0-8_fc43_cuda13.0-{PLAT}",
        {"demo/_C.so": device_code(".nv_fatbin", container(entry("sm_80"), entry("sm_90a")))},
    )
    label = PLAT.replace(".whl", "-cuda12.9.whl")
    wheel(dist / f"other_label-1.0-8_el9.6_cuda13.0-{label}", library(needs=[CUDART]))
    wheel(dist / f"build_mismatch-1.0-8_el9.6-{PLAT}", build="7_el9.6")
    wheel(
        dist / f"metadata_mismatch-1.0-8_el9.6-{PLAT}",
        metadata="Metadata-Version: 2.1\nName: another\nVersion: 2.0\n",
    )
    wheel(dist / f"disordered-1.0-8_cuda13.0_el9.6-{PLAT}", library(needs=[CUDART]))
    wheel(dist / f"unknown_segment-1.0-8_el9.6_abi3-{PLAT}")
    wheel(
        dist / f"stale_note-1.0-8_el9.6-{PLAT}",
        {
            **PLAIN,
            "stale_note-1.0.dist-info/fromager-elf-requires.txt": b"libcudart.so.13()(64bit)\n",
        },
    )
    wheel(dist / f"tag_mismatch-1.0-8_el9.6-{PLAT}", tag="cp313-cp313-linux_x86_64")
    wheel(dist / f"no_binary-1.0-8_el9.6-{PLAT}", {})
    wheel(dist / f"pure_with_binary-1.0-8-{PURE}")
    wheel(dist / f"pure_with_tag-1.0-8_el9.6-{PURE}", {})
    wheel(dist / f"other_machine-1.0-8_el9.6-{PLAT}", library(machine=183))
    wheel(dist / f"cut_binary-1.0-8_el9.6-{PLAT}", {"demo/_C.so": PLAIN["demo/_C.so"][:80]})
    (dist / f"no_archive-1.0-8_el9.6-{PLAT}").write_bytes(b"no archive")
    (dist / "no_name.whl").write_bytes(b"no name")


def _torch_and_cuda() -> Mapping[str, bytes]:
    return library(needs=["libtorch.so", CUDART], imports=[CXX])


def few_wheels(root: pathlib.Path) -> None:
    """Write an error, a warning, a note, a wheel without a finding, and one with a reason."""
    dist = root / "dist"
    wheel(dist / f"good-1.0-8_el9.6-{PLAT}")
    wheel(dist / f"no_accelerator-1.0-8_el9.6_cuda13.0-{PLAT}")
    wheel(
        dist / f"stable_torch-1.0-8_el9.6_torch2.10.0-{PLAT}",
        library(needs=["libtorch.so"], imports=[STABLE]),
    )
    wheel(dist / f"unknown_segment-1.0-8_el9.6_abi3-{PLAT}")
    wheel(
        dist / f"by_variant-1.0-8_el9.6_cuda13.0-{PLAT}",
        {**PLAIN, "demo/device.so": library(machine=183)["demo/_C.so"]},
    )


def unnamed_wheels(root: pathlib.Path) -> None:
    """Write wheels without a build tag, each with another content."""
    dist = root / "dist"
    torch = ["libtorch.so"]
    wheel(dist / f"both-1.0-{PLAT}", _torch_and_cuda())
    wheel(dist / f"hip-1.0-{PLAT}", library(needs=[HIP]))
    wheel(dist / f"cxx-1.0-{PLAT}", library(needs=torch, imports=[CXX]))
    wheel(dist / f"stable-1.0-{PLAT}", library(needs=torch, imports=[STABLE]))
    wheel(dist / f"plain-1.0-{PLAT}")
    wheel(dist / f"cut-1.0-{PLAT}", {"demo/_C.so": PLAIN["demo/_C.so"][:80]})
    wheel(dist / f"pure-1.0-{PURE}", {})


#: Names of wheels in an index for rocm of the tree ``main``, by what an audit finds.
INDEX: Final = (
    f"torch-2.10.0-4_el9.6_rocm7.1-{PLAT}",
    f"torch-2.9.1-3_el9.6_rocm7.1-{PLAT}",
    f"torch-2.9.1-3_el9.6_cuda13.0-{PLAT}",  # another accelerator
    f"flash_attn-2.8.3-3_el9.6_rocm7.1_torch2.10.0-{PLAT}",
    f"flash_attn-2.8.3-2_el9.6_rocm7.1_torch2.10.0-{PLAT}",  # superseded
    f"flash_attn-2.8.3-3_el9.6_rocm7.1_torch2.9.1-{PLAT}",  # sorts above the correct one
    f"flash_attn-2.8.2-2_el9.6_rocm7.1_torch2.9.1-{PLAT}",  # stale
    f"flash_attn-2.8.1-2_el9.6_rocm7.1_torch2.11.0-{PLAT}",  # a torch that is absent
    f"pillow-12.2.0-2_el9.6-{PLAT}",
    f"pillow-12.2.0-1_el9.6-{PLAT}",  # superseded
    "pillow-12.2.0-1_el9.6-cp312-cp312-manylinux_2_28_x86_64.whl",  # uv takes it
    f"pillow-12.1.0-3_el9.6-{PLAT}",  # foreign number
    f"pillow-11.0.0-1_el9.6-{PLAT}",  # stale
    f"by_version-0.28-2_el9.6-{PLAT}",  # lacks segments
    f"by_version-0.30-{PLAT}",  # lacks a build tag
    f"mixed-1.0-2_fc43-{PLAT}",  # another distribution
    f"mixed-2.0-2-{PURE}",
    f"tagged-1.0-2_el9.6-{PURE}",
    f"published-1.0-{PLAT}",  # pre-built
)

FEW: Final = (
    f"torch-2.10.0-4_el9.6_rocm7.1-{PLAT}",
    f"pillow-12.2.0-2_el9.6-{PLAT}",
    f"pillow-12.2.0-1_el9.6-{PLAT}",
    f"tagged-1.0-2_el9.6-{PURE}",
)


def compiled_index(root: pathlib.Path) -> None:
    """Make an index of wheels that were built without settings; one of them is damaged."""
    (root / "index").mkdir()
    tags = "cp312-cp312-linux_x86_64.whl"
    wheel(root / "index" / f"kernels-2.0-{tags}", library(needs=["libcudart.so.13"]))
    wheel(root / "index" / f"flash_attn-2.8.3-{tags}", library(needs=["libamdhip64.so.7"]))
    wheel(root / "index" / f"pillow-12.2.0-{tags}")
    wheel(root / "index" / "pure-1.0-py3-none-any.whl")
    (root / "index" / f"cut-1.0-{tags}").write_bytes(b"PK")


def index(name: str, wheels: Sequence[str]) -> Scene:
    """Write wheels to a folder."""

    def build(root: pathlib.Path) -> None:
        for each in wheels:
            wheel(root / name / each, {} if each.endswith(PURE) else PLAIN)

    return build


def other_content(name: str, wheels: Sequence[str]) -> Scene:
    """Write wheels with the same names and another content to a folder."""

    def build(root: pathlib.Path) -> None:
        for each in wheels:
            wheel(root / name / each, {"other.py": b"other = True\n"})

    return build


def odd_files(name: str) -> Scene:
    """Write files that are no wheels, or incomplete ones, to a folder."""

    def build(root: pathlib.Path) -> None:
        folder = root / name
        folder.mkdir(exist_ok=True)
        (folder / f"damaged-1.0-2_el9.6-{PLAT}").write_bytes(b"PK damaged")
        (folder / f"name-one-{PURE}").write_bytes(b"")
        (folder / "source-1.0.tar.gz").write_bytes(b"")
        (folder / "notes.txt").write_text("notes\n")

    return build


def damaged_successor(root: pathlib.Path) -> None:
    """Write an old wheel, and a new one that is incomplete."""
    wheel(root / "index" / f"torch-2.9.1-2_el9.6_rocm7.1-{PLAT}")
    (root / "index" / f"torch-2.9.1-3_el9.6_rocm7.1-{PLAT}").write_bytes(b"PK cut")


def pooled_wheels(root: pathlib.Path) -> None:
    """Write three folders of wheels: the same bytes, the same content, one file, and none."""
    for number, name in enumerate(("cpu", "cuda", "rocm")):
        folder = root / name
        write_wheel(folder / f"same-1.0-2-{PURE}")
        write_wheel(folder / f"dated-1.0-2-{PURE}", date=(2020 + number, 1, 1, 0, 0, 0))
        if name != "cpu":
            write_wheel(folder / f"two-1.0-2_el9.6-{PLAT}")
            write_wheel(folder / f"torch-2.10.0-2_el9.6_{name}1.0-{PLAT}")
    write_wheel(root / "cpu" / f"linked-1.0-2-{PURE}")
    for name in ("cuda", "rocm"):
        (root / name / f"linked-1.0-2-{PURE}").hardlink_to(root / "cpu" / f"linked-1.0-2-{PURE}")
    write_sdist(root / "cpu" / "same-1.0.tar.gz")
    (root / "cpu" / f"same-1.0-2-{PURE}.asc").touch()
    (root / "empty").mkdir()


def stacks_of_wheels(root: pathlib.Path) -> None:
    """Write folders of wheels for several accelerators."""
    for stack in ("cpu", "cuda12.9", "cuda13.0", "rocm7.1"):
        folder = root / stack
        write_wheel(folder / f"torch-2.10.0-7_el9.6_{stack}-{PLAT}")
        write_wheel(folder / f"pillow-12.2.0-2_el9.6-{PLAT}")
        if stack != "cpu":
            write_wheel(folder / f"triton-3.5-1_el9.6_{stack}-{PLAT}")


def mixed_stacks(root: pathlib.Path) -> None:
    """Write folders with two releases of Torch, a missing CUDA and another accelerator."""
    stacks_of_wheels(root)
    for torch in ("2.9.1", "2.10.0"):
        name = f"flash_attn-2.8.3-8_el9.6_cuda13.0_torch{torch}-{PLAT}"
        write_wheel(root / "cuda13.0" / name)
    write_wheel(root / "fc43" / f"pillow-12.2.0-2_fc43-{PLAT}")
    write_wheel(root / "gaudi" / f"torch-2.10.0-7_el9.6_gaudi1.22.0-{PLAT}")
    write_wheel(root / "gaudi" / f"torch-2.10.0-7_el9.6_cuda13.0-{PLAT[:-4]}-cuda13.0.whl")


def different_wheels(root: pathlib.Path) -> None:
    """Write two folders of wheels: other content, a damaged wheel, an invalid name, a bad link."""
    for name in ("cpu", "other"):
        more = {f"{name}_only.py": b""}
        write_wheel(root / name / f"differs-1.0-2-{PURE}", {"module.py": name.encode(), **more})
    (root / "cpu" / f"damaged-1.0-2-{PURE}").write_bytes(b"no archive")
    write_wheel(root / "other" / f"damaged-1.0-2-{PURE}")
    (root / "other" / "odd-1.0.whl").touch()
    write_wheel(root / f"outside-1.0-{PURE}")
    (root / "other" / f"outside-1.0-{PURE}").symlink_to(f"../outside-1.0-{PURE}")
    (root / "other" / f"dangling-1.0-{PURE}").symlink_to("none.whl")


#: The requirements of a build: for the install, and for the build.
_ONE_BUILD: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "backend==1.0": {},
    "torch==2.9.1": {"build-system": ["backend==1.0"]},
    "flash-attn==2.8.3": {"build-system": ["backend==1.0", "torch==2.9.1"]},
    "numpy==2.3.0": {"build-system": ["backend==1.0"]},
    "published==1.0": {},
}


def several_stacks(root: pathlib.Path) -> None:
    """Write settings of five variants, of which four have one distribution, and a graph."""
    variants = {
        "cpu": 'distro: el9.6\ntorch_version: "2.9.1"\n',
        "cpu-fc43": 'distro: fc43\naccelerator: cpu\ntorch_version: "2.9.1"\n',
        "cuda": "distro: el9.6\nstacks:\n"
        '- {cuda_version: "12.9", torch_version: "2.9.1"}\n'
        '- {cuda_version: "12.9", torch_version: "2.10.0"}\n',
        "rocm": 'distro: el9.6\nrocm_version: "7.1"\ntorch_version: "2.9.1"\n',
        "tpu": 'distro: el9.6\naccelerator: tpu\ntorch_version: "2.9.1"\n',
    }
    numbered = "".join(f"  {each}: [first build]\n" for each in variants if each != "tpu")
    hook = '"fromager_build_tags.hooks:build_tag_hook"'
    write_tree(
        root,
        {
            "settings/settings.yaml": f"wheels: {{build_tag_hook: {hook}}}\nchangelog:\n{numbered}",
            "settings/packages/numpy.yaml": "variants: {rocm: {env: {FLAG: '1'}}}\n",
            "settings/packages/published.yaml": "variants: {cuda: {pre_built: true}}\n",
            **{f"settings/variants/{name}.yaml": text for name, text in variants.items()},
            "graph.json": json.dumps(graph_of(_ONE_BUILD)),
        },
    )


def graph_of(packages: Mapping[str, Mapping[str, Sequence[str]]]) -> Mapping[str, object]:
    """Return a graph of fromager whose top level has all packages."""
    nodes = {"": {"toplevel": [*packages]}, **packages}
    return {
        key: {
            "download_url": "",
            "pre_built": False,
            "version": key.partition("==")[2] or "0",
            "canonicalized_name": key.partition("==")[0],
            "edges": [
                {"key": other, "req_type": kind, "req": other}
                for kind, others in requirements.items()
                for other in others
            ],
        }
        for key, requirements in nodes.items()
    }


#: Files among which pip and uv choose.
CHOICES: Final = (
    f"torch-2.9.1-8_el9.6_rocm7.1-{PLAT}",
    f"torch-2.10.0-7_el9.6_rocm7.1-{PLAT}",
    f"torch-2.10.0+rocm7.1-7_el9.6_rocm7.1-{PLAT}",
    "torch-2.10.0-6_el9.6_rocm7.1-cp312-cp312-manylinux_2_28_x86_64.whl",
    f"pillow-12.2.0-1_el9.6-{PLAT}",
    f"pillow-12.2.0-10_el9.6-{PLAT}",
    "pillow-12.2.0-1_el9.6-cp313-cp313-linux_x86_64.whl",
    f"demo-1.0-1-{PURE}",
)


def choices(root: pathlib.Path) -> None:
    """Write empty files with these names; two projects have an sdist."""
    folder = root / "index"
    folder.mkdir()
    for name in (*CHOICES, "demo-2.0.tar.gz", "sdist_only-1.0.tar.gz"):
        (folder / name).write_bytes(b"")


def torch_wheels(root: pathlib.Path) -> None:
    """Write wheels that load with certain releases of Torch, and others, to ``index``."""
    folder = root / "index"
    for name, symbol in {
        f"cxx-1.0-1_el9.6_torch2.12-{PLAT}": "_ZN2at4cuda14WorkqueueScopeD1Ev",
        f"cxx-1.1-2_el9.6_torch2.13.0-{PLAT}": CXX_OF_2_13,
        f"stable-1.0-1_el9.6-{PLAT}": "torch_exception_get_what",
        f"storage-1.0-1_el9.6-{PLAT}": "torch_has_storage",
    }.items():
        wheel(folder / name, library(needs=["libtorch.so"], imports=[STABLE, symbol]))
    wheel(folder / f"plain-1.0-1_el9.6-{PLAT}")
    wheel(folder / f"pure-1.0-1-{PURE}")
    wheel(folder / f"torch-2.13.0-1_el9.6-{PLAT}")
    wheel(folder / "windows-1.0-cp312-cp312-win_amd64.whl")


def for_torch_2_9(root: pathlib.Path) -> None:
    """Write wheels of flash-attn for Torch 2.9.1 to ``index``; a later Torch loads one of them."""
    for number, version, symbol in (
        (2, "2.8.3", "_Z25THPStorage_NewWithStorageP11_typeobjectN3c107StorageEb"),
        (1, "2.8.2", "_ZN3c108free_cpuEPv"),
        (1, "2.8.3", "_ZN3c108free_cpuEPv"),
    ):
        name = f"flash_attn-{version}-{number}_el9.6_rocm7.1_torch2.9.1-{PLAT}"
        wheel(root / "index" / name, library(needs=["libtorch.so"], imports=[symbol]))


type Pages = Callable[[pathlib.Path], Mapping[str, Answer]]


def simple_index(root: pathlib.Path) -> Mapping[str, Answer]:
    """Return the pages and the files of the wheels in the folder ``index``."""
    names = sorted(path.name for path in (root / "index").iterdir())
    projects: dict[str, list[str]] = {}
    for name in names:
        projects.setdefault(name.partition("-")[0].replace("_", "-"), []).append(name)
    bodies = {
        f"/files/{name}": Answer(
            body=(root / "index" / name).read_bytes(), content_type="application/octet-stream"
        )
        for name in names
    }
    return {**html_index(projects), **bodies}


def json_pages(root: pathlib.Path) -> Mapping[str, Answer]:
    """Return the same projects in JSON; one page is absent."""
    pages = json_index({"torch": FEW[:1], "pillow": FEW[1:3], "tagged": FEW[3:]})
    del pages["/simple/tagged/"]
    return pages


#: Override modules of a distribution that a user installs.
OVERRIDES: Final = {
    "own_segments": "def wheel_build_tag(*, ctx, req, version, wheel_tags):\n"
    "    return [(2, 'own'), (5, ctx.variant)]\n",
    "fails": "def wheel_build_tag(*, ctx, req, version, wheel_tags):\n"
    "    raise RuntimeError('the override fails')\n",
    "flash_attn": "def build_wheel(ctx):\n    return None\n",
    "short": "def wheel_build_tag(ctx):\n    return []\n",
}
