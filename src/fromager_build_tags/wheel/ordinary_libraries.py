"""Libraries that belong to no accelerator: the system's, common ones, those of required packages.

What is left of the libraries that a wheel needs can be of an accelerator that is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from packaging.metadata import RawMetadata
from packaging.utils import NormalizedName, canonicalize_name

from .libraries import accelerator_of, is_torch, stem


def is_system(name: str) -> bool:
    """Return whether any system may have a library: runtimes of compilers, Python, manylinux' own.

    >>> [is_system(name) for name in ("libc.so.6", "ld-linux-x86-64.so.2", "libascendcl.so")]
    [True, True, False]
    """
    return _SYSTEM.fullmatch(stem(name)) is not None


def is_common(name: str) -> bool:
    """Return whether a library is one that packages for any accelerator, and for none, need.

    >>> [is_common(f"lib{name}") for name in ("avcodec.so.61", "mpi.so.40", "ascendcl.so")]
    [True, True, False]
    """
    return _COMMON.fullmatch(stem(name)) is not None


def required_packages(metadata: RawMetadata) -> frozenset[NormalizedName]:
    """Return the names of the required packages that no extra guards."""
    texts = (each for each in metadata.get("requires_dist", []) if not _EXTRA.search(each))
    names = (_NAME.match(each) for each in texts)
    return frozenset(canonicalize_name(match.group(1)) for match in names if match)


def unexplained(needed: Iterable[str], packages: Iterable[str]) -> Iterator[str]:
    """Yield the needed libraries that nothing explains.

    Args:
        needed: names of libraries.
        packages: the required packages: ``libarrow.so.2500`` may be of ``pyarrow``.
    """
    words = frozenset(
        word for package in packages if package != "torch" for word in _words(package)
    )
    known = (accelerator_of, is_torch, is_system, is_common)
    for name in needed:
        if not any(each(name) for each in known) and words.isdisjoint(_starts(name)):
            yield name


def _words(package: str) -> Iterator[str]:
    """Yield what the names of a package's libraries can begin with, without ``lib``."""
    for text in (package.replace("-", ""), *package.split("-")):
        word = _AFFIX.sub("", text)
        if len(word) >= _SHORTEST:
            yield word


def _starts(name: str) -> Iterator[str]:
    base = re.sub(r"[^a-z0-9]", "", stem(name).lower().removeprefix("lib"))[:_LONGEST]
    return (base[:end] for end in range(_SHORTEST, len(base) + 1))


_EXTRA: Final = re.compile(r";.*\bextra\s*==")
_NAME: Final = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_AFFIX: Final = re.compile(r"^(py|lib)|(?<=\D)\d+$")
_SHORTEST, _LONGEST = 3, 100

# The libraries of the manylinux policies (PEP 513 to PEP 600) and of musllinux (PEP 656), and
# what a wheel that was not repaired needs beside them: runtimes of compilers, and Python.
_SYSTEM = re.compile(
    r"ld-(linux|musl)[\w-]*|ld64|linux-vdso|libc(\.musl-\w+)?|libm|libmvec|libdl|librt|libpthread"
    r"|libutil|libnsl|libresolv|libanl|libcrypt|libgcc_s|libstdc\+\+|libc\+\+(abi)?|libatomic"
    r"|libgomp|libomp|libiomp5|libgfortran|libquadmath|libz|libexpat|libGL|libX11|libXext"
    r"|libXrender|libICE|libSM|libglib-2\.0|libgobject-2\.0|libgthread-2\.0|libncursesw"
    r"|libpanelw|libpython3(\.\d+)?"
)
# What the published wheels of 300 packages need from outside, and its siblings.
_COMMON = re.compile(
    # displays, fonts, toolkits
    r"libX[A-Za-z1]\w*(-xcb)?|libxcb(-[\w-]+)?|libxkb\w+(-x11)?|libwayland-\w+|lib(E?GL|GLES)\w*|libOpenGL"
    r"|libgbm|libdrm\w*|libvulkan|libOpenCL|libfontconfig|libfreetype|libharfbuzz\w*|libcairo(-\w+)?"
    r"|libpango\w*-[\d.]+|lib(gtk|gdk)[\w.-]*|lib(gio|gmodule)-2\.0|libat(k|spi)[\w.-]*|libdbus-1"
    r"|libQt\d\w+|libshiboken\d\w*|libpyside\d\w*|libvtk\w+|libtcl[\d.]+|libtk[\d.]+"
    # sound, video, pictures
    r"|libasound|libpulse[\w-]*|libjack|libportaudio|libsndfile|libsox|libav(codec|device|filter"
    r"|format|util)|libsw(resample|scale)|libpostproc|libgst\w+-1\.0|libv4l\w*|libheif|libpng\d*"
    r"|libjpeg|libturbojpeg|libtiff|libwebp\w*|libopenjp2|liblcms2|libopencv_\w+"
    # clusters, threads, numbers
    r"|libmpi\w*|libopen-(rte|pal)|liboshmem|libpmix|libuc[pst]|libucm|libibverbs|librdmacm"
    r"|libmlx\d|libibu?mad|libefa|libfabric|libpsm2|libnuma|libhwloc|libtbb\w*|libimf|libintlc"
    r"|libirng|libsvml|lib(c|open|flexi|mkl_|gsl|R)?blas\w*(-r\d[\w.]*)?|libmkl_\w+|lib(R|c)?lapacke?\w*"
    r"|libonedal\w*|libdnnl|libccl|libatlas|libgsl|libfftw3\w*|libhdf5\w*|libnetcdf|libgmp\w*"
    r"|libmpfr|libmpc|libmetis|libparmetis"
    # nets, secrets, data bases, devices
    r"|libssl|libcrypto|libcurl|libssh2?|libkrb5|libgssapi_krb5|libk5crypto|libcom_err|libldap\w*"
    r"|liblber|libsasl2|libkeyutils|libpq|libmysqlclient|libmariadb|libodbc(inst)?|libsqlite3"
    r"|libudev|libsystemd|libselinux|libuuid|libcap|libaio|liburing|libusb-1\.0|libpci(access)?"
    r"|libblkid|libmount"
    # compression, texts, C++
    r"|libzstd|liblzma|liblz4|libbz2|libbrotli\w+|libsnappy|libdeflate|libarchive|libxml2|libxslt"
    r"|libexslt|libyaml|libffi|libicu\w+|libboost_\w+|libproto(buf|c)(-lite)?|libabsl_\w+"
    r"|libgrpc\w*|libglog|libgflags\w*|libfmt|libspdlog|libre2|libtcmalloc\w*|libjemalloc"
    r"|libunwind[\w-]*|libdw|libelf|libtinfow?|libreadline|libedit|libncurses|libpanel|libform"
    r"|libgdbm|libdb-[\d.]+|libLLVM[\w.-]*|libclang[\w.-]*|libjvm|libjawt|libR|liblua[\d.]*"
    # parts of Torch, and of CUDA's and ROCm's own dependencies
    r"|libcaffe2_nvrtc|libtorch_nvshmem|libshm|librocm_sysdeps_\w+|librapids_logger"
)
