"""Settings are found by a table or at the usual places, from here to the top of the repository."""

from __future__ import annotations

import os
import pathlib

import pytest

from fromager_build_tags.errors import InputError, SettingsError
from fromager_build_tags.settings.discover import Places, find_places

TABLE = '[tool.fromager-build-tags]\nsettings-dir = "x/pkgs"\nvariant = "rocm"\n'


@pytest.fixture
def top(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The top of a repository; the current folder is a/b in it."""
    (tmp_path / "top/.git").mkdir(parents=True)
    (tmp_path / "top/a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "top/a/b")
    return tmp_path / "top"


def write(path: pathlib.Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found() -> tuple[str, str, str, str | None, tuple[str, ...], str]:
    each = find_places()
    paths = (each.settings_file, each.settings_dir, each.patches_dir)
    one, two, three = map(str, paths)
    return one, two, three, each.variant, each.constraints_files, each.source


def test_nothing_gives_the_places_of_fromager(top: pathlib.Path) -> None:
    assert find_places() == Places()


@pytest.mark.parametrize(
    ("folder", "files", "expected"),
    [
        ("a/b", ["overrides/settings.yaml"], ("overrides", "settings", "")),
        ("a/b", ["overrides/settings/torch.yaml"], ("overrides", "settings", "")),
        ("a", ["overrides/settings.yaml"], ("../overrides", "settings", "..")),
        (".", ["overrides/settings/torch.yaml"], ("../../overrides", "settings", "../..")),
        ("a/b", ["settings/settings.yaml"], ("settings", "packages", ".")),
        (".", ["settings/settings.yaml"], ("../../settings", "packages", "../..")),
        (
            ".",
            ["settings/settings.yaml", "settings/settings/a.yaml"],
            ("../../settings", "settings", "../.."),
        ),
        (".", ["settings/settings.yaml", "overrides/settings.yaml"], ("../../overrides",
            "settings", "../..")),
    ],
)  # fmt: skip
def test_the_usual_places(
    top: pathlib.Path, folder: str, files: list[str], expected: tuple[str, str, str]
) -> None:
    for each in files:
        write(top / folder / each)
    above, packages, source = expected
    assert found() == (
        f"{above}/settings.yaml",
        f"{above}/{packages}",
        f"{above}/patches",
        None,
        (),
        source,
    )


def test_the_nearest_settings_are_found(top: pathlib.Path) -> None:
    for each in (".", "a"):
        write(top / each / "overrides/settings.yaml")
    assert found()[0] == "../overrides/settings.yaml"


def test_nothing_above_the_repository_is_found(top: pathlib.Path) -> None:
    write(top.parent / "overrides/settings.yaml")
    write(top.parent / "fromager-build-tags.toml", 'variant = "rocm"')
    assert find_places() == Places()


def test_without_a_repository_only_the_current_folder_is_searched(top: pathlib.Path) -> None:
    (top / ".git").rmdir()
    write(top / "overrides/settings.yaml")
    assert find_places() == Places()
    write(top / "a/b/settings/settings.yaml")
    assert found()[5] == "."


def test_a_folder_of_another_user_is_not_searched(
    top: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(top / "overrides/settings.yaml")
    assert find_places() != Places()
    real = pathlib.Path.stat

    def stat(self: pathlib.Path, *, follow_symlinks: bool = True) -> os.stat_result:
        values = list(real(self, follow_symlinks=follow_symlinks))
        if self == top:
            values[4] += 1
        return os.stat_result(values)

    monkeypatch.setattr(pathlib.Path, "stat", stat)
    assert find_places() == Places()


@pytest.mark.parametrize("name", ["pyproject.toml", "fromager-build-tags.toml"])
def test_a_table_comes_first_and_is_relative_to_its_file(top: pathlib.Path, name: str) -> None:
    write(top / "a/b/overrides/settings.yaml")
    text = TABLE + 'constraints-file = ["one.txt", "x/two.txt"]\n'
    write(top / name, text if name == "pyproject.toml" else text.split("\n", 1)[1])
    assert found() == (
        "../../overrides/settings.yaml",
        "../../x/pkgs",
        "../../overrides/patches",
        "rocm",
        ("../../one.txt", "../../x/two.txt"),
        f"../../{name}",
    )


def test_a_table_adds_to_the_usual_places_beside_it(top: pathlib.Path) -> None:
    write(top / "settings/settings.yaml")
    write(top / "pyproject.toml", '[tool.fromager-build-tags]\nconstraints-file = "c.txt"\n')
    assert found() == (
        "../../settings/settings.yaml",
        "../../settings/packages",
        "../../settings/patches",
        None,
        ("../../c.txt",),
        "../../pyproject.toml",
    )


def test_a_pyproject_without_our_table_is_skipped(top: pathlib.Path) -> None:
    write(top / "a/b/pyproject.toml", "{{ not TOML }}")
    write(top / "a/pyproject.toml", '[project]\ndependencies = ["fromager-build-tags"]\n')
    (top / "elsewhere").write_text(TABLE)
    (top / "pyproject.toml").symlink_to("elsewhere")
    assert find_places() == Places()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = ", "fromager-build-tags.toml is not TOML: Invalid value (at end of document)"),
        ("x = " + "[" * 9000, "fromager-build-tags.toml is not TOML: "),
        (
            'settings-fil = "x"',
            "fromager-build-tags.toml: unknown key 'settings-fil'; did you mean 'settings-file'?",
        ),
        (
            "x = 1",
            "fromager-build-tags.toml: unknown key 'x'; use settings-file, settings-dir, "
            "patches-dir, variant, constraints-file",
        ),
        (
            "settings-dir = 1",
            "fromager-build-tags.toml: settings-dir: 1 is not a text: quote it",
        ),
        (
            'settings-dir = "/etc"',
            "fromager-build-tags.toml: settings-dir: '/etc' is not a path below the folder of "
            "this file",
        ),
        (
            'patches-dir = "x/../../y"',
            "fromager-build-tags.toml: patches-dir: 'x/../../y' is not a path below the folder of "
            "this file",
        ),
        (
            'constraints-file = "https://example.com/c.txt"',
            "fromager-build-tags.toml: constraints-file: 'https://example.com/c.txt' is not a "
            "path below the folder of this file",
        ),
        (
            'variant = ""',
            "fromager-build-tags.toml: variant: '' is not the name of a variant",
        ),
    ],
)
def test_a_broken_table_is_one_error(top: pathlib.Path, text: str, message: str) -> None:
    write(top / "a/b/fromager-build-tags.toml", text)
    with pytest.raises(SettingsError) as caught:
        find_places()
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_broken_table_of_a_pyproject_names_the_key(top: pathlib.Path) -> None:
    write(top / "pyproject.toml", "[tool.fromager-build-tags]\nvariant = 3\n")
    with pytest.raises(SettingsError) as caught:
        find_places()
    message = "tool.fromager-build-tags.variant: 3 is not a text: quote it"
    assert str(caught.value) == f"../../pyproject.toml: {message}"
    write(top / "pyproject.toml", "[tool]\nfromager-build-tags = 3\n")
    with pytest.raises(
        SettingsError, match=r"pyproject.toml: tool.fromager-build-tags is not a ta"
    ):
        find_places()


@pytest.mark.parametrize("link", ["overrides", "overrides/settings.yaml", "overrides/settings"])
def test_no_link_is_followed(top: pathlib.Path, tmp_path: pathlib.Path, link: str) -> None:
    write(tmp_path / "secret/settings.yaml", "key")
    (tmp_path / "secret/settings").mkdir()
    target = tmp_path / "secret" / pathlib.Path(link).relative_to("overrides")
    if link != "overrides":
        write(top / "overrides/settings/x.yaml")
        if link == "overrides/settings":
            (top / "overrides/settings/x.yaml").unlink()
            (top / "overrides/settings").rmdir()
    (top / link).symlink_to(target)
    with pytest.raises(InputError, match=rf"^../../{link} is a symbolic link: not followed$"):
        find_places()


def test_no_link_that_a_table_names_is_followed(top: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (top / "x").symlink_to(tmp_path)
    write(top / "pyproject.toml", TABLE)
    with pytest.raises(InputError, match=r"^../../x is a symbolic link: not followed$"):
        find_places()
    (top / "fromager-build-tags.toml").symlink_to("pyproject.toml")
    with pytest.raises(InputError, match=r"build-tags.toml is a symbolic link: not followed$"):
        find_places()


def test_the_variables_that_name_the_places_to_fromager() -> None:
    assert Places().variables() == ""
    places = Places(
        settings_file=pathlib.Path("a b/settings.yaml"),
        variant="rocm",
        constraints_files=("c", "d"),
    )
    assert places.variables() == (
        "FROMAGER_SETTINGS_FILE='a b/settings.yaml' FROMAGER_VARIANT=rocm "
        "FROMAGER_CONSTRAINTS_FILES='c d'"
    )


def test_patches_are_named_to_fromager_where_there_are_some(top: pathlib.Path) -> None:
    write(top / "overrides/settings.yaml")
    variables = (
        "FROMAGER_SETTINGS_FILE=../../overrides/settings.yaml "
        "FROMAGER_SETTINGS_DIR=../../overrides/settings"
    )
    assert find_places().variables() == variables
    (top / "overrides/patches").mkdir()
    patches = "FROMAGER_PATCHES_DIR=../../overrides/patches"
    assert find_places().variables() == f"{variables} {patches}"
