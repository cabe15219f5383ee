"""Whatever a wheel contains: ``add``, ``audit --deep`` and ``verify`` give findings or one error.

``VERIFY_FUZZ_CASES=20000 pytest -n0 tests/commands/test_fuzz_wheels.py`` runs more cases.
"""

from __future__ import annotations

import io
import os
import pathlib
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fromager_build_tags.commands import main
from fromager_build_tags.plan import scope

from ..golden.scenes import library
from ..trees import GOOD, write_tree
from ..verify.test_fuzz import EDITS, Edit, edited

CASES: Final = int(os.environ.get("VERIFY_FUZZ_CASES", "30"))
NAME: Final = "demo-1.0-1_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl"
INFO: Final = "demo-1.0.dist-info"
MANGLED: Final = f"_ZN3c10{'9' * 30}foo"

TEXTS: Final = st.text(max_size=12) | st.sampled_from(
    ["../x", "a" * 70_000, "\x1b[31m", "\n::error::x", "lib\u202e.so", MANGLED, "9" * 5_000]
)


def archive(
    member: str, needed: Sequence[str], imports: Sequence[str], metadata: str, record: str
) -> bytes:
    """Return a wheel with these texts."""
    texts = [[each.replace("\0", "") for each in names] for names in (needed, imports)]
    elf = library(needs=texts[0], imports=texts[1])["demo/_C.so"]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"demo/{member[:60_000]}.so", elf)
        head = f"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n{metadata}"
        wheel.writestr(f"{INFO}/METADATA", head)
        wheel.writestr(f"{INFO}/WHEEL", f"Wheel-Version: 1.0\nTag: {metadata}\n")
        wheel.writestr(f"{INFO}/RECORD", record)
    return file.getvalue()


WHEELS: Final = st.builds(
    archive,
    member=TEXTS,
    needed=st.lists(TEXTS, max_size=3),
    imports=st.lists(TEXTS, max_size=3),
    metadata=TEXTS,
    record=TEXTS,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A settings tree, in the current folder, with two shipped overrides."""
    path = tmp_path_factory.mktemp("fuzz")
    write_tree(path, GOOD)
    (path / "index").mkdir()
    two = {name: scope.shipped_overrides()[name] for name in ("torch", "flash_attn")}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        patch.setattr(scope, "shipped_overrides", lambda: two)
        yield path


VARIABLES: Final[Mapping[str, str]] = {
    "FROMAGER_SETTINGS_FILE": "settings/settings.yaml",
    "FROMAGER_SETTINGS_DIR": "settings/packages",
    "FROMAGER_VARIANT": "rocm",
}
COMMANDS: Final = (
    ("add", "demo", "--module", "--from-wheel", f"index/{NAME}"),
    ("audit", "index", "--deep"),
    ("verify", f"index/{NAME}"),
)


def checked(arguments: Sequence[str]) -> Result:
    """Run a command; its output is plain."""
    result = CliRunner().invoke(main, arguments, env=VARIABLES)
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert result.exit_code in {0, 1}
    assert all(line.isprintable() for line in result.output.split("\n"))
    assert "report it" not in result.output
    errors = re.findall(r"^Error: ", result.stderr, re.MULTILINE)
    assert len(errors) <= 1
    assert errors or result.stdout
    return result


@settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=WHEELS, edits=st.just([]) | EDITS, from_end=st.booleans())
@example(data=archive("x", ["libc10.so"], [MANGLED], "", ""), edits=[], from_end=False)
def test_no_wheel_ends_in_a_traceback(
    folder: pathlib.Path, data: bytes, edits: Sequence[Edit], from_end: bool
) -> None:
    (folder / "index" / NAME).write_bytes(edited(data, edits, from_end=from_end))
    for arguments in COMMANDS:
        checked(arguments)
    for module in folder.glob("*.py"):
        compile(module.read_text(encoding="utf-8"), module.name, "exec")
        module.unlink()
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
