"""BT305 to BT308: wheels against a small table of Torch's symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.version import Version

from fromager_build_tags.findings.finding import Finding
from fromager_build_tags.tag.filename import parse_wheel_name
from fromager_build_tags.verify.checks import examined
from fromager_build_tags.verify.checks.examined import ExaminedWheel
from fromager_build_tags.verify.checks.torch_symbols import symbols_of_torch
from fromager_build_tags.wheel.facts import read_wheel
from fromager_build_tags.wheel.torch.torch_exports import TorchBuild
from fromager_build_tags.wheel.torch.torch_table import TorchTable

from ..wheel.craft import Shape, elf_without_sections
from .building import Wheel

EVERY = "_ZTIN3c105ErrorE"
UNTIL_2_11 = "_ZN3c103oldEv"
FROM_2_12_1 = "_ZN2at3newEv"
ONLY_2_12_0 = "_ZN5torch6middleEv"
NOWHERE = "_ZN3c106nobodyEv"
OLD_STRING = "_ZN3c105ErrorC2ENS_14SourceLocationESs"
STABLE = "torch_always"
STABLE_2_12 = "torch_later"
STABLE_NOWHERE = "torch_unknown"

TABLE = TorchTable.of(
    [
        TorchBuild(
            version=Version(version),
            machine="x86_64",
            accelerator=None,
            exports=frozenset([EVERY, STABLE, *exports]),
        )
        for version, exports in {
            "2.10.0": [UNTIL_2_11, OLD_STRING],
            "2.11.0": [UNTIL_2_11],
            "2.12.0": [ONLY_2_12_0, STABLE_2_12],
            "2.12.1": [FROM_2_12_1, STABLE_2_12],
            "2.13.0": [FROM_2_12_1, STABLE_2_12],
        }.items()
    ]
)


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examined, "shipped_table", lambda: TABLE)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A wheel and what surrounds it.

    Attributes:
        torch: the Torch segment, without ``torch``.
        libraries: what each library imports.
        variant: the Torch version of the variant.
        table: what it is compared with instead of the shipped table.
    """

    imports: Sequence[str] = ()
    torch: str = ""
    requires: Sequence[str] = ()
    variant: str = ""
    libraries: Mapping[str, Sequence[str]] | None = None
    table: TorchTable | None = None

    def findings(self, folder: Path) -> list[Finding]:
        wheel = Wheel(
            tag=f"8_el9.6_torch{self.torch}" if self.torch else "8_el9.6",
            requires=self.requires,
            members={
                name: elf_without_sections(Shape(), needed=["libtorch.so"], imports=[*imports])
                for name, imports in (self.libraries or {"demo/_C.so": self.imports}).items()
            },
        )
        path = wheel.write(folder, {})
        examined_wheel = ExaminedWheel(
            source=path.name,
            name=parse_wheel_name(path.name),
            facts=read_wheel(path),
            variant="cuda" if self.variant else "",
            variant_torch=[Version(self.variant)] if self.variant else [],
            torch_table=self.table,
        )
        return list(symbols_of_torch(examined_wheel))


def only(*versions: str) -> TorchTable:
    builds = [
        TorchBuild(
            version=Version(version),
            machine="x86_64",
            accelerator=None,
            exports=frozenset([EVERY, UNTIL_2_11]),
            source=f"{version}.whl",
        )
        for version in versions
    ]
    return TorchTable.of(builds)


BY_DESIGN = {"a.so": [UNTIL_2_11], "b.so": [FROM_2_12_1]}
RIGHT = {
    "nothing of Torch": Case(imports=["puts"], torch="2.10.0"),
    "the Torch of its name": Case(imports=[EVERY, UNTIL_2_11], torch="2.10.0"),
    "each release of a minor": Case(imports=[EVERY], torch="2.12"),
    "newer than the table": Case(imports=[UNTIL_2_11], torch="2.14.0"),
    "newer than the table, unknown symbols": Case(imports=[NOWHERE], torch="2.14.0"),
    "older than the table": Case(imports=[FROM_2_12_1], torch="2.3.1"),
    "no version": Case(imports=[FROM_2_12_1], torch="nightly"),
    "no Torch in the name": Case(imports=[UNTIL_2_11]),
    "the Torch of its variant": Case(imports=[UNTIL_2_11], variant="2.10.0+cu130"),
    "a variant newer than the table": Case(imports=[UNTIL_2_11], variant="2.14.0"),
    "the name counts, not the variant": Case(
        imports=[UNTIL_2_11], torch="2.10.0", variant="2.13.0"
    ),
    "a pin": Case(imports=[UNTIL_2_11], requires=["torch==2.11.0"]),
    "a range": Case(imports=[UNTIL_2_11], requires=["torch>=2.10"]),
    "a pin newer than the table": Case(imports=[NOWHERE], requires=["torch==2.14.0"]),
    "a pin for each machine": Case(
        imports=[UNTIL_2_11],
        requires=[
            "torch==2.13.0; platform_machine == 'aarch64'",
            "torch==2.11.0; platform_machine == 'x86_64'",
        ],
    ),
    "a pin that BT304 compares": Case(
        imports=[UNTIL_2_11], torch="2.11.0", requires=["torch==2.13.0"]
    ),
    "stable, the minimum": Case(imports=[STABLE_2_12], torch="2.12.0"),
    "stable, a variant above the minimum": Case(imports=[STABLE_2_12], variant="2.13.0"),
    "stable, no limit": Case(imports=[STABLE_2_12], requires=["torch"]),
    "stable, an upper limit": Case(imports=[STABLE_2_12], requires=["torch<3"]),
    "stable, a lower limit": Case(imports=[STABLE_2_12], requires=["torch>=2.12"]),
    "by design, without a Torch": Case(libraries=BY_DESIGN),
    "by design, with an older one": Case(libraries={**BY_DESIGN, "c.so": [NOWHERE]}),
    "the given Torch": Case(imports=[UNTIL_2_11], table=only("2.13.0+ours")),
    "one of the given ones": Case(
        imports=[UNTIL_2_11], torch="2.12.0", table=only("2.12.0+a", "2.12.0+b")
    ),
}


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_right_wheels_have_no_finding(case: Case, tmp_path: Path) -> None:
    assert case.findings(tmp_path) == []


AGAIN = "build it again with Torch {}, or correct torch_version of the variant"
WRONG = {
    "name": (
        Case(imports=[EVERY, FROM_2_12_1], torch="2.11.0"),
        "BT305 error: the name contains TORCH, but Torch 2.11.0 "
        "lacks 1 symbol that the wheel imports: at::new; the "
        "wheel loads with Torch 2.12.1 to 2.13.0",
        AGAIN.format("2.11.0"),
    ),
    "minor": (
        Case(imports=[UNTIL_2_11], torch="2.12"),
        "BT305 error: the name contains TORCH, but Torch 2.12.0 "
        "lacks 1 symbol that the wheel imports: c10::old; "
        "the wheel loads with Torch 2.10.0 to 2.11.0",
        AGAIN.format("2.12"),
    ),
    "a part of a minor": (
        Case(imports=[FROM_2_12_1], torch="2.12"),
        "BT305 warning: the name contains TORCH, but Torch 2.12.0 "
        "lacks 1 symbol that the wheel imports: at::new; "
        "the wheel loads with Torch 2.12.1 to 2.13.0",
        AGAIN.format("2.12"),
    ),
    "old string": (
        Case(imports=[EVERY, OLD_STRING], torch="2.13.0"),
        "BT305 error: the name contains TORCH, but Torch 2.13.0 "
        "lacks 1 symbol that the wheel imports: c10::Error; "
        "it uses the old C++ string ABI (_GLIBCXX_USE_CXX11_ABI=0); the wheel loads with Torch "
        "2.10.0",
        AGAIN.format("2.13.0") + ", and compile it with -D_GLIBCXX_USE_CXX11_ABI=1",
    ),
    "variant": (
        Case(imports=[FROM_2_12_1, ONLY_2_12_0], variant="2.10.0"),
        "BT305 error: the wheel is for the variant cuda, but Torch 2.10.0 "
        "lacks 2 symbols that the wheel imports: "
        "at::new, torch::middle; the wheel loads with no Torch from 2.10.0 to 2.13.0",
        "build it again with Torch 2.10.0, or use a version that loads with it",
    ),
    "by design": (
        Case(libraries=BY_DESIGN, torch="2.10.0"),
        "BT305 warning: the name contains TORCH, but Torch 2.10.0 "
        "lacks 1 symbol that the wheel imports: at::new; "
        "the wheel loads with no single Torch from 2.10.0 to 2.13.0: its libraries need different "
        "ones",
        AGAIN.format("2.10.0") + "; if it loads the library that fits, declare it: "
        'build-tags.verify: "BT305: REASON"',
    ),
    "given": (
        Case(imports=[FROM_2_12_1], torch="2.13.0", table=only("2.9.1+ours")),
        "BT305 error: the wheel is compared with 2.9.1+ours.whl, but Torch 2.9.1+ours "
        "lacks 1 symbol that the wheel imports: "
        "at::new",
        "build it again with this Torch, or use a version that loads with it",
    ),
    "several given": (
        Case(imports=[FROM_2_12_1], torch="2.10", table=only("2.9.0", "2.10.0")),
        "BT305 error: the name contains TORCH, but Torch 2.10.0 "
        "lacks 1 symbol that the wheel imports: at::new; "
        "the wheel loads with no Torch from 2.9.0 to 2.10.0",
        AGAIN.format("2.10"),
    ),
    "stable": (
        Case(imports=[STABLE, STABLE_2_12], torch="2.10.0"),
        "BT306 error: the name contains TORCH, but Torch 2.10.0 "
        "lacks 1 symbol that the wheel imports: "
        "torch_later; the wheel loads with Torch 2.12 and later; stable ABI, minimum 2.12",
        "compile it with -DTORCH_TARGET_VERSION=0x020a000000000000 or the headers of Torch "
        "2.10.0; or use Torch 2.12 or later",
    ),
    "stable, variant": (
        Case(imports=[STABLE_2_12], variant="2.11.0", requires=["torch==2.13.0"]),
        "BT306 error: the wheel is for the variant cuda, but Torch 2.11.0 "
        "lacks 1 symbol that the wheel imports: "
        "torch_later; the wheel loads with Torch 2.12 and later; stable ABI, minimum 2.12",
        "compile it with -DTORCH_TARGET_VERSION=0x020b000000000000 or the headers of Torch "
        "2.11.0; or use Torch 2.12 or later",
    ),
    "stable, lower limit": (
        Case(imports=[STABLE_2_12], requires=["torch>=2.11"]),
        "BT306 warning: METADATA requires torch>=2.11, but Torch 2.11.0 "
        "lacks 1 symbol that the wheel "
        "imports: torch_later; the wheel loads with Torch 2.12 and later; stable ABI, minimum 2.12",
        "correct Requires-Dist to torch>=2.12, or compile it with "
        "-DTORCH_TARGET_VERSION=0x020b000000000000 or the headers of Torch 2.11.0",
    ),
    "stable, pin": (
        Case(imports=[STABLE_2_12], requires=["torch==2.11.0"]),
        "BT306 error: METADATA requires torch==2.11.0, but Torch 2.11.0 "
        "lacks 1 symbol that the wheel "
        "imports: torch_later; the wheel loads with Torch 2.12 and later; stable ABI, minimum 2.12",
        "correct Requires-Dist to torch>=2.12, or compile it with "
        "-DTORCH_TARGET_VERSION=0x020b000000000000 or the headers of Torch 2.11.0",
    ),
    "nowhere": (
        Case(imports=[NOWHERE], torch="2.12.0"),
        "BT307 error: no Torch from 2.10.0 to 2.13.0 exports 1 symbol that the wheel imports: "
        "c10::nobody",
        "build it again with a Torch from 2.10.0 to 2.13.0",
    ),
    "nowhere, without a Torch": (
        Case(imports=[STABLE_NOWHERE]),
        "BT307 warning: no Torch from 2.10.0 to 2.13.0 exports 1 symbol that the wheel imports: "
        "torch_unknown",
        "build it again with a Torch from 2.10.0 to 2.13.0",
    ),
    "many": (
        Case(imports=[f"_ZN3c106name{n:02}Ev" for n in range(12)], torch="2.12.0"),
        "BT307 error: no Torch from 2.10.0 to 2.13.0 exports 12 symbols that the wheel imports, "
        "such as c10::name00, c10::name01, c10::name02",
        "build it again with a Torch from 2.10.0 to 2.13.0",
    ),
    "pin": (
        Case(imports=[UNTIL_2_11], requires=["torch==2.12.1"]),
        "BT308 error: METADATA requires torch==2.12.1, but Torch 2.12.1 "
        "lacks 1 symbol that the wheel "
        "imports: c10::old; the wheel loads with Torch 2.10.0 to 2.11.0",
        "build it again with the required Torch, or correct Requires-Dist",
    ),
    "pins for each machine": (
        Case(
            imports=[UNTIL_2_11],
            requires=[f"torch==2.1{n}.0; platform_machine == 'm{n}'" for n in (2, 3)],
        ),
        "BT308 error: METADATA requires torch==2.12.0; platform_machine == \"m2\"; "
        'torch==2.13.0; platform_machine == "m3", but Torch 2.12.0 '
        'lacks 1 symbol that the wheel imports: c10::old; '
        "the wheel loads with Torch 2.10.0 to 2.11.0",
        "build it again with the required Torch, or correct Requires-Dist",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("case", "message", "remedy"), WRONG.values(), ids=WRONG)
def test_wrong_wheels_have_one_finding(
    case: Case, message: str, remedy: str, tmp_path: Path
) -> None:
    [found] = case.findings(tmp_path)
    message = message.replace("TORCH", f"torch{case.torch}")
    assert f"{found.code} {found.severity.value}: {found.message}" == message
    assert found.remedy == remedy


def test_the_library_is_named(tmp_path: Path) -> None:
    libraries = {"demo/a.so": [EVERY], "demo/b.so": [UNTIL_2_11]}
    [found] = Case(libraries=libraries, torch="2.13.0").findings(tmp_path)
    assert found.place.inside == "demo/b.so"


def test_a_wheel_without_torch_does_not_load_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined, "shipped_table", lambda: pytest.fail("it takes 0.2 s"))
    assert Case(imports=["puts"]).findings(tmp_path) == []
