"""Wheel variants: the draft PEP 825, and what uv reads of it. No other module has its words.

A wheel with an accelerator segment has the segment as its label, and one property: the lowest CUDA
version that the driver has to support, or the ROCm version. For each version of a project, one file
of the index lists the labels of its wheels; without it, labels have no meaning. uv selects by it
behind ``--preview-features wheel-variants``; pip and other releases of uv ignore labelled wheels.
One key that uv does not know makes all wheels of a version uninstallable for it.

Of one version, uv prefers the highest CUDA that the driver supports, then the plain wheels. No
released installer has a provider for ROCm, so all of them select the plain wheels there.

Source: PEP 825; uv 0.13.9, with which the tests compare.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from ..errors import InputError
from ..tag.filename import LABEL, WheelName, parse_wheel_name
from ..wheel.relabelled import check_copy, copy_with_file
from .listing import IndexFile
from .select import PLAIN, Labels, others_of, select_newest, select_pinned
from .status import IndexWheel, group_files
from .targets import Installer, Target

_SCHEMA: Final = "https://variants-schema.wheelnext.dev/peps/825/v0.1.1.json"
_WHEEL_FILE: Final = "variant.json"
_VERSION_FILE: Final = "-variants.json"
#: The parts of a version behind the second do not limit which driver supports it.
_ACCELERATOR: Final = re.compile(r"(cuda|rocm)(\d{1,3})(?:\.(\d{1,3}))?(?:\.[\d.]+)?", re.ASCII)
_DRIVER: Final = re.compile(r"cpu|(?:cuda|rocm)\d{1,2}\.\d{1,2}", re.ASCII)
#: uv's provider lists the versions from CUDA 11.0 on, and of older majors these minor versions.
_OLDEST_CUDA, _LAST_MINOR = 11, 20


type _Version = tuple[int, int]


class _Provider(NamedTuple):
    """What reports the properties of a machine, and the property that is its version."""

    namespace: str
    feature: str
    package: str
    plugin: str


_PROVIDERS: Final = {
    "cuda": _Provider(
        "nvidia",
        "cuda_version_lower_bound",
        "nvidia-variant-provider",
        "nvidia_variant_provider.plugin:NvidiaVariantPlugin",
    ),
    "rocm": _Provider(
        "amd",
        "rocm_version",
        "amd-variant-provider",
        "amd_variant_provider.plugin:AMDVariantPlugin",
    ),
}
#: The accelerators that uv 0.13.9 has a provider for.
UV_PROVIDES: Final = frozenset({"cuda"})


class _Property(NamedTuple):
    """The accelerator of a label, and its version."""

    accelerator: str
    version: _Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Driver:
    """The driver of a machine: ``cuda13.1`` supports CUDA 13.1; ``cpu`` is no driver.

    Attributes:
        accelerator: ``cuda``, ``rocm``, or "" for none.
    """

    accelerator: str = ""
    version: _Version = (0, 0)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the driver that *text* names.

        Raises:
            InputError: it is something else.
        """
        if not _DRIVER.fullmatch(text):
            raise InputError(f"unknown machine {text[:80]!r}: use cpu, cuda13.1 or rocm7.1")
        found = _property(text)
        return cls(accelerator=found.accelerator, version=found.version) if found else cls()

    def __str__(self) -> str:
        return f"{self.accelerator}{_text(self.version)}" if self.accelerator else "cpu"

    def supports(self, accelerator: str, version: _Version) -> bool:
        """Return whether a provider reports that the driver supports an accelerator."""
        if accelerator != self.accelerator or accelerator == "rocm":
            return (accelerator, version) == (self.accelerator, self.version)
        major, minor = version
        if major == self.version[0]:
            return major >= _OLDEST_CUDA and minor <= self.version[1]
        return _OLDEST_CUDA <= major < self.version[0] and minor <= _LAST_MINOR


def _text(version: _Version) -> str:
    return "{}.{}".format(*version)


def _property(label: str) -> _Property | None:
    match = _ACCELERATOR.fullmatch(label)
    return _Property(match[1], (int(match[2]), int(match[3] or 0))) if match else None


def has_property(label: str) -> bool:
    """Return whether the draft has a property for the accelerator, such as ``cuda13.0``.

    Wheels of another accelerator (``gaudi1.22``), or without version, cannot be in a shared index.
    """
    return _property(label) is not None


def label_of(name: WheelName) -> str:
    """Return the label that a wheel has in an index of all accelerators; "" if it stays plain."""
    return name.expected_label


def labelled(name: WheelName, label: str = "") -> str:
    """Return the file name of a plain wheel with a label, by default that of its accelerator.

    Raises:
        InputError: the wheel has a label, or *label* is none of an accelerator.
    """
    label = label or label_of(name)
    if name.label:
        raise InputError(f"{name.filename!r} already has the label {name.label!r}")
    if not LABEL.fullmatch(label):
        raise InputError(
            f"{label!r} of {name.filename!r} cannot be a variant label: use 1 to 16 of 0-9, a-z, "
            "'.' and '_' (PEP 825)"
        )
    if not has_property(label):
        raise InputError(
            f"{label!r} of {name.filename!r} cannot be a variant label: use cuda or rocm with a "
            "version, such as cuda13.0"
        )
    return f"{name.filename.removesuffix('.whl')}-{label}.whl"


def wheel_json(label: str) -> bytes:
    """Return the file in the dist-info folder of a wheel with a label."""
    return version_json([label])


def version_json(labels: Iterable[str]) -> bytes:
    """Return the file that an index has for a version of a project, the same bytes for each order.

    It lists all providers, whatever the labels, so that the files of wheels never contradict it.

    Raises:
        InputError: a label has no property.
    """
    variants = {}
    for label in sorted(labels):
        if (found := _property(label)) is None or not LABEL.fullmatch(label):
            raise InputError(f"unknown variant label {label!r}: use one such as cuda13.0")
        provider = _PROVIDERS[found.accelerator]
        variants[label] = {provider.namespace: {provider.feature: [_text(found.version)]}}
    data = {
        "$schema": _SCHEMA,
        "default-priorities": {"namespace": [each.namespace for each in _PROVIDERS.values()]},
        "providers": {
            each.namespace: {"requires": [each.package], "plugin-api": each.plugin}
            for each in _PROVIDERS.values()
        },
        "variants": variants,
    }
    return (json.dumps(data, indent=1) + "\n").encode()


def version_json_name(project: NormalizedName, version: Version) -> str:
    """Return the name that the file of a version has to have."""
    return f"{project.replace('-', '_')}-{version}{_VERSION_FILE}"


def version_json_path(project: NormalizedName, version: Version, content: bytes) -> str:
    """Return a path that changes with the content.

    Installers cache the file by its URL, and compare it with the hash in the page.
    """
    digest = hashlib.sha256(content).hexdigest()
    return f"{digest}/{version_json_name(project, version)}"


def check_relabel(source: pathlib.Path) -> None:
    """Raise WheelError if :func:`relabel` would: the wheel is damaged, signed, or has the file."""
    check_copy(source, _WHEEL_FILE)


def relabel(source: pathlib.Path, target: pathlib.Path, label: str = "") -> None:
    """Write *target*: a plain wheel with a label, by default that of its accelerator.

    Only ``variant.json`` and RECORD differ. The name of *target* is :func:`labelled`, or any other.

    Raises:
        InputError: the wheel's name has a label, or no label is possible.
        WheelError: the wheel is damaged, signed, or has the file.
        OutputError: *target* cannot be written.
    """
    name = parse_wheel_name(source.name)
    labelled(name, label)
    copy_with_file(source, target, _WHEEL_FILE, wheel_json(label or label_of(name)))


def accepted_labels(
    labels: Iterable[str], driver: Driver, provides: Collection[str] = UV_PROVIDES
) -> Labels:
    """Return the labels that an installer accepts on a machine, the preferred one first.

    Args:
        labels: the labels of a version.
        driver: that of the machine.
        provides: the accelerators that the installer has a provider for.
    """
    known = {label: found for label in sorted(set(labels)) if (found := _property(label))}
    accepted = [
        label
        for label, found in known.items()
        if found.accelerator in provides and driver.supports(*found)
    ]
    accepted.sort(key=lambda label: known[label].version, reverse=True)  # stable for equal ones
    return [*accepted, *PLAIN]


def offered(files: Iterable[IndexFile]) -> Sequence[IndexWheel]:
    """Return the wheels and sdists of a project; labelled wheels only if their labels are listed.

    Wheels come by version, then sdists, then the wheels for uv alone.
    """
    files = list(files)
    wheels = group_files(files).wheels
    listed = {_version_of(each) for each in files if each.filename.endswith(_VERSION_FILE)}
    by_version = [each for version in sorted(wheels) for each in wheels[version]]
    usable = [each for each in by_version if not each.name.label or each.name.version in listed]
    return [*usable, *others_of(files)]


def _version_of(file: IndexFile) -> Version | None:
    """Return the version that a file lists the labels of; None for a file of another project."""
    word, _, version = file.filename.removesuffix(_VERSION_FILE).partition("-")
    try:
        return Version(version) if canonicalize_name(word) == file.project else None
    except ValueError:
        return None


def select_variant(
    candidates: Sequence[IndexWheel],
    target: Target,
    driver: Driver,
    *,
    pin: Version | None = None,
    provides: Collection[str] = UV_PROVIDES,
) -> IndexWheel | None:
    """Return the file that uv selects with its preview; None if none fits.

    Args:
        candidates: the wheels and sdists of a project, as :func:`offered` returns them.
        target: the Python and platform to install for.
        driver: that of the machine.
        pin: a version; None for the newest one.
        provides: the accelerators that the installer has a provider for.
    """
    labels = accepted_labels((each.name.label for each in candidates), driver, provides)
    if pin is not None:
        return select_pinned(candidates, pin, target, Installer.UV, labels)
    return select_newest(candidates, target, Installer.UV, labels)
