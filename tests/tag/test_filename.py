"""File names of wheels, taken apart."""

from __future__ import annotations

import pytest

from fromager_build_tags.errors import InputError
from fromager_build_tags.index.file_name import wheel_name_or_none
from fromager_build_tags.stack import machine
from fromager_build_tags.tag.filename import parse_wheel_name, split_label
from fromager_build_tags.tag.segment import Order, accelerator_word, classify


@pytest.mark.parametrize(
    ("text", "order"),
    [
        *((text, Order.DISTRIBUTION) for text in ("el9.6", "el9", "fc43", "ubuntu24.04", "arch")),
        *(
            (text, Order.DISTRIBUTION)
            for text in ("opensuseleap15.6", "amzn2023", "debian13", "el10")
        ),
        *((text, Order.ACCELERATOR) for text in ("cpu", "cuda13.0", "cuda", "rocm7.1", "tpu")),
        *((text, Order.ACCELERATOR) for text in ("gaudi1.22.0", "xpu2025.2", "neuron", "spyre")),
        *((text, Order.TORCH) for text in ("torch2.10.0", "torch2.10", "torch2.11.0.dev20260101")),
        *((text, None) for text in ("abi3", "cpu1", "torch", "torchvision0.1", "elf", "cud13.0")),
        *((text, None) for text in ("", "9.6", "EL9.6", "Torch2.10.0", "cudax")),
    ],
)
def test_a_segment_is_classified_by_its_spelling(text: str, order: Order | None) -> None:
    assert classify(text) is order


@pytest.mark.parametrize(
    "os_release",
    [
        {"ID": "rhel", "VERSION_ID": "9.6"},
        {"ID": "centos", "VERSION_ID": "9"},
        {"ID": "fedora", "VERSION_ID": "43"},
        {"ID": "ubuntu", "VERSION_ID": "24.04"},
        {"ID": "opensuse-leap", "VERSION_ID": "15.6"},
        {"ID": "sles", "VERSION_ID": "15.6"},
        {"ID": "amzn", "VERSION_ID": "2023"},
        {"ID": "azurelinux", "VERSION_ID": "3.0"},
        {"ID": "arch"},
    ],
)
def test_a_detected_distribution_is_classified_as_one(os_release: dict[str, str]) -> None:
    assert classify(machine.distribution_text(os_release)) is Order.DISTRIBUTION


def test_a_complete_name() -> None:
    filename = "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0-cp312-cp312-linux_x86_64.whl"
    name = parse_wheel_name(filename)
    assert (name.name, str(name.version), name.number) == ("flash-attn", "2.8.3", 8)
    assert name.segments == ("el9.6", "rocm7.1", "torch2.10.0")
    assert str(name.build_tag) == "8_el9.6_rocm7.1_torch2.10.0"
    assert [name.segment(order) for order in Order] == list(name.segments)
    assert name.is_platlib
    assert name.filename == filename


@pytest.mark.parametrize(
    ("stem", "number", "suffix", "segments"),
    [
        ("demo-1.0", None, "", ()),
        ("demo-1.0-8", 8, "", ()),
        ("demo-1.0-08_el9.6", 8, "_el9.6", ("el9.6",)),
        ("demo-1.0-1local", 1, "local", ()),
        ("demo-1.0-8__el9.6", 8, "__el9.6", ()),
        ("demo-1.0-8_", 8, "_", ()),
    ],
)
def test_build_tags(stem: str, number: int | None, suffix: str, segments: tuple[str, ...]) -> None:
    name = parse_wheel_name(f"{stem}-py3-none-any.whl")
    assert (name.number, name.suffix, name.segments) == (number, suffix, segments)
    assert not name.is_platlib
    assert str(name.build_tag) == ("" if number is None else f"{number}{suffix}")


@pytest.mark.parametrize(
    "filename",
    [
        "",
        "demo.whl",
        "demo-1.0-py3-none-any.zip",
        "demo-1.0-py3-none-any",
        "demo-one-py3-none-any.whl",
        "demo-1.0-el9.6-py3-none-any.whl",
        "demo-1.0-8_el9.6-cp312-cp312-linux_x86_64-x86_64_v3_and_more.whl",  # 17 characters
        "demo-1.0-8_el9.6-cp312-cp312-linux_x86_64-.whl",
        "demo-1.0-8_el9.6-cp312-cp312-linux_x86_64-CUDA13.0.whl",
        "demo-1.0-8_el9.6-cp312-cp312-linux_x86_64-cuda13+0.whl",
        "demo-1.0-8_el9.6-cp312-cp312-linux_x86_64-cuda13.0",
        "demo-1.0-el9.6-cp312-cp312-linux_x86_64.whl",
        "demo-1.0-8-9-py3-none-any.whl",
        "demo-1.0-8-py3-none-any-cuda13.0-cuda13.0.whl",
        "demo-one-8-py3-none-any-cuda13.0.whl",
        "pïllow-1.0-py3-none-any.whl",
        "_demo-1.0-py3-none-any.whl",
        "demo_-1.0-py3-none-any.whl",
    ],
)
def test_an_invalid_file_name(filename: str) -> None:
    with pytest.raises(InputError, match=r"is not the file name of a wheel \("):
        parse_wheel_name(filename)
    assert wheel_name_or_none(filename) is None


_LABELLED = "flash_attn-2.8.3-8_el9.6_cuda13.0-cp312-cp312-linux_x86_64"


@pytest.mark.parametrize(
    ("filename", "plain", "label"),
    [
        (f"{_LABELLED}-cuda13.0.whl", f"{_LABELLED}.whl", "cuda13.0"),
        ("a-1-cp312-cp312-linux_x86_64-null.whl", "a-1-cp312-cp312-linux_x86_64.whl", "null"),
        ("a-1-py2.py3-none-any-0_x.whl", "a-1-py2.py3-none-any.whl", "0_x"),
        ("a-1-8-py3-none-any-x86_64_v3aaaaaa.whl", "a-1-8-py3-none-any.whl", "x86_64_v3aaaaaa"),
        # PEP 825 allows both readings of six parts: a build tag begins with a digit
        ("a-1-8_x-cp312-cp312-linux_x86_64.whl", "a-1-8_x-cp312-cp312-linux_x86_64.whl", ""),
        ("a-1-x-cp312-cp312-linux_x86_64.whl", "a-1-x-cp312-cp312.whl", "linux_x86_64"),
        ("a-1-cp312-cp312-linux_x86_64.whl", "a-1-cp312-cp312-linux_x86_64.whl", ""),
    ],
)
def test_a_label_is_the_last_part(filename: str, plain: str, label: str) -> None:
    name = parse_wheel_name(filename)
    assert (name.filename, name.label) == (filename, label)
    assert name[1:-1] == parse_wheel_name(plain)[1:-1]
    assert split_label(filename) == (plain, label)
    assert wheel_name_or_none(filename) == name


@pytest.mark.parametrize(
    ("text", "word"), [("cuda13.0", "cuda"), ("cpu", "cpu"), ("gaudi1.22.0", "gaudi")]
)
def test_the_word_of_an_accelerator(text: str, word: str) -> None:
    assert accelerator_word(text) == word
