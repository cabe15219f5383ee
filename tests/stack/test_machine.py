"""The distribution segment, from os-release files as distributions ship them."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.errors import SettingsError
from fromager_build_tags.stack.machine import distribution_text, parse_os_release, read_os_release


@pytest.mark.parametrize(
    ("os_release", "expected"),
    [
        ({"ID": "rhel", "VERSION_ID": "9.6", "PLATFORM_ID": "platform:el9"}, "el9.6"),
        ({"ID": "rhel", "VERSION_ID": "10.1", "ID_LIKE": "centos fedora"}, "el10.1"),
        ({"ID": "centos", "VERSION_ID": "9", "PLATFORM_ID": "platform:el9"}, "el9"),
        ({"ID": "centos", "VERSION_ID": "7", "ID_LIKE": "rhel fedora"}, "el7"),
        ({"ID": "almalinux", "VERSION_ID": "9.6"}, "el9.6"),
        ({"ID": "rocky", "VERSION_ID": "8.10"}, "el8.10"),
        ({"ID": "ol", "VERSION_ID": "9.6", "ID_LIKE": "fedora"}, "el9.6"),
        ({"ID": "scientific", "VERSION_ID": "7.9"}, "el7.9"),
        ({"ID": "eurolinux", "VERSION_ID": "9.4", "PLATFORM_ID": "platform:el9"}, "el9.4"),
        ({"ID": "eurolinux", "PLATFORM_ID": "platform:el9"}, "el9"),
        ({"ID": "fedora", "VERSION_ID": "43"}, "fc43"),
        ({"ID": "fedora", "VERSION_ID": "41", "PLATFORM_ID": "platform:f41"}, "fc41"),
        (
            {
                "ID": "nobara",
                "VERSION_ID": "41",
                "ID_LIKE": "rhel centos fedora",
                "PLATFORM_ID": "platform:f41",
            },
            "fc41",
        ),
        ({"ID": "fedora", "VERSION_ID": "44", "PLATFORM_ID": "platform:eln"}, "fc44"),
        ({"ID": "ubuntu", "VERSION_ID": "24.04", "ID_LIKE": "debian"}, "ubuntu24.04"),
        ({"ID": "debian", "VERSION_ID": "12"}, "debian12"),
        ({"ID": "debian"}, "debian"),
        (
            {
                "ID": "amzn",
                "VERSION_ID": "2023",
                "ID_LIKE": "fedora",
                "PLATFORM_ID": "platform:al2023",
            },
            "amzn2023",
        ),
        ({"ID": "amzn", "VERSION_ID": "2", "ID_LIKE": "centos rhel fedora"}, "amzn2"),
        ({"ID": "mageia", "VERSION_ID": "9", "ID_LIKE": "mandriva fedora"}, "mageia9"),
        ({"ID": "opensuse-leap", "VERSION_ID": "15.6", "ID_LIKE": "suse"}, "opensuseleap15.6"),
        ({"ID": "opensuse-tumbleweed", "VERSION_ID": "20261101"}, "opensusetumbleweed20261101"),
        ({"ID": "openEuler", "VERSION_ID": "24.03"}, "openeuler24.03"),
        ({"ID": "arch"}, "arch"),
        ({"ID": "my_os", "VERSION_ID": "1.0-RC_1"}, "myos1.0rc1"),
    ],
)
def test_distributions(os_release: dict[str, str], expected: str) -> None:
    assert distribution_text(os_release) == expected


@pytest.mark.parametrize("os_release", [{}, {"ID": ""}, {"ID": "-_"}, {"VERSION_ID": "9.6"}])
def test_without_a_usable_id_it_is_an_error(os_release: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        distribution_text(os_release)
    assert str(caught.value) == f"no usable ID ({os_release.get('ID')!r})"


def test_quoting_comments_and_junk() -> None:
    content = "# a comment\nID='rhel'\n\nNAME=\"Red Hat\"\nVERSION_ID=9.6\nBAD='open\njunk\n"
    assert parse_os_release(content) == {
        "ID": "rhel",
        "NAME": "Red Hat",
        "VERSION_ID": "9.6",
        "BAD": "open",
    }


@given(st.text())
def test_any_text_is_an_os_release_file(content: str) -> None:
    parse_os_release(content)


def test_the_first_readable_file_is_used(tmp_path: pathlib.Path) -> None:
    first, second = tmp_path / "etc", tmp_path / "usr"
    second.write_text("ID=fedora\nVERSION_ID=43\n")
    assert read_os_release([first, second]) == ("fc43", second)
    first.write_text("ID=rhel\nVERSION_ID=9.6\n")
    assert read_os_release([first, second]) == ("el9.6", first)


def test_no_file_is_an_error_that_names_the_tried_files(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_os_release([tmp_path / "a", tmp_path / "b"])
    assert str(caught.value) == f"{tmp_path}/a and {tmp_path}/b cannot be read"


def test_a_file_without_an_id_is_an_error_that_names_it(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "os-release"
    path.write_text("NAME=Linux\n")
    with pytest.raises(SettingsError) as caught:
        read_os_release([path])
    assert str(caught.value) == f"{path} has no usable ID (None)"
