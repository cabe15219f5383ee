"""The distribution segment, from os-release files as distributions ship them."""

from __future__ import annotations

import os
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.errors import SettingsError
from fromager_build_tags.settings.variant import StackSettings
from fromager_build_tags.stack.machine import distribution_text, parse_os_release, read_os_release
from fromager_build_tags.tag.build_tag import BuildTag
from fromager_build_tags.tag.segment import Order


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
        ({"ID": "rhcos", "VERSION_ID": "4.13", "PLATFORM_ID": "platform:el9"}, "el9"),
        (
            {
                "ID": "rhcos",
                "VERSION_ID": "4.13",
                "PLATFORM_ID": "platform:el9",
                "RHEL_VERSION": "9.2",
            },
            "el9.2",
        ),
        ({"ID": "scos", "VERSION_ID": "4.16", "PLATFORM_ID": "platform:el9"}, "el9"),
        ({"ID": "rhel", "VERSION_ID": "4.21", "PLATFORM_ID": "platform:el10"}, "el10"),
        ({"ID": "bazzite", "VERSION_ID": "3.9", "PLATFORM_ID": "platform:f41"}, "fc41"),
        ({"ID": "hummingbird", "VERSION_ID": "20251124"}, "hummingbird20251124"),
        ({"ID": "4mlinux", "VERSION_ID": "48.0"}, "4mlinux48.0"),
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


def test_what_real_files_make_is_known_as_a_distribution() -> None:
    """``os_releases.tsv`` has one real file for each ID: ID, VERSION_ID, PLATFORM_ID, segment."""
    lines = (pathlib.Path(__file__).parent / "os_releases.tsv").read_text().splitlines()
    assert len(lines) > 100
    for line in lines:
        distro_id, version, platform, expected = line.split("\t")
        values = {"ID": distro_id, "VERSION_ID": version, "PLATFORM_ID": platform}
        text = distribution_text(values)
        assert text == expected
        assert BuildTag(8, f"_{text}").by_order == {Order.DISTRIBUTION: text}
        full = BuildTag(8, f"_{text}_newchip1.2_torch2.10.0").by_order
        assert (full[Order.DISTRIBUTION], full[Order.ACCELERATOR]) == (text, "newchip1.2")
        assert StackSettings(distro=text).distro == text


@pytest.mark.parametrize(
    "os_release",
    [
        {},
        {"ID": ""},
        {"ID": "-_"},
        {"VERSION_ID": "9.6"},
        {"ID": "rhel # c"},
        {"ID": "rhel\rVERSION_ID=9.6"},
        {"ID": "$(id)"},
        {"ID": "9.6"},
    ],
)
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


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'\xef\xbb\xbfID="rhel"\nVERSION_ID="9.6"\n', "el9.6"),
        (b'ID="rhel"\r\nVERSION_ID="9.6"\r\n', "el9.6"),
        (b'NAME="Caf\xe9"\nID="rhel"\nVERSION_ID="9.6"\n', "el9.6"),
        (b"export ID=rhel\nexport VERSION_ID=9.6\n", "el9.6"),
        (b"ID=fedora\nVERSION_ID=43\nID=rhel\nVERSION_ID=9.6\n", "el9.6"),
        (b'NAME="a\x0bID=x"\nID=rhel\nVERSION_ID=9.6\n', "el9.6"),
        (b'#ID=x\nID=rhel\nVERSION_ID=9.6\nBUG="' + 100_000 * b"x" + b'"\n', "el9.6"),
        ("ID=rhel\n".encode("utf-16"), "OS has no usable ID (None)"),
        (b"ID=rhel # c\nVERSION_ID=9.6\n", "OS has no usable ID ('rhel # c')"),
        (b"ID=rhel\nVERSION_ID=9.6 # c\n", "OS has no usable VERSION_ID ('9.6 # c')"),
        (b"ID=" + 100_000 * b"x", f"OS has no usable ID ('{78 * 'x'}…)"),
        (b"ID=rhel\nVERSION_ID=" + 100_000 * b"9", f"OS has no usable VERSION_ID ('{78 * '9'}…)"),
        (b"ID=\x1b[31mx\n", "OS has no usable ID ('\\x1b[31mx')"),
        (b"\xff\xfe\x00", "OS has no usable ID (None)"),
        (b"", "OS has no usable ID (None)"),
        (b"#" * 1_000_001, "OS is larger than 1,000,000 bytes"),
    ],
)
def test_an_odd_file_is_read_as_a_shell_reads_it_or_is_one_error(
    tmp_path: pathlib.Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "os-release"
    path.write_bytes(content)
    assert _read(path) == expected


def _read(path: pathlib.Path) -> str:
    try:
        return read_os_release([path])[0]
    except SettingsError as err:
        return str(err).replace(str(path), "OS")


def test_what_is_no_file_is_not_read_for_ever(tmp_path: pathlib.Path) -> None:
    fifo, huge, link = tmp_path / "fifo", tmp_path / "huge", tmp_path / "link"
    os.mkfifo(fifo)
    assert _read(fifo) == "OS is not a regular file"
    with huge.open("wb") as file:
        file.truncate(300_000_000)
    assert _read(huge) == "OS is larger than 1,000,000 bytes"
    link.symlink_to("/dev/zero")
    assert _read(link) == "OS is not a regular file"
    assert _read(tmp_path) == "OS cannot be read"
    (tmp_path / "file").write_text("ID=rhel\nVERSION_ID=9.6\n")
    (tmp_path / "good").symlink_to("file")
    assert _read(tmp_path / "good") == "el9.6"


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
