"""Which libraries a wheel may expect of any system: they tell nothing about an accelerator."""

from __future__ import annotations

import re

from .libraries import stem


def is_system(name: str) -> bool:
    """Whether a library is of the C, C++ or OpenMP runtime, of Python, or manylinux' own.

    >>> [is_system(name) for name in ("libc.so.6", "ld-linux-x86-64.so.2", "libascendcl.so")]
    [True, True, False]
    """
    return _SYSTEM.fullmatch(stem(name)) is not None


# The libraries of the manylinux policies (PEP 513 to PEP 600) and of musllinux (PEP 656), and
# what a wheel that was not repaired needs beside them: runtimes of compilers, and Python.
_SYSTEM = re.compile(
    r"ld-(linux|musl)[\w-]*|ld64|linux-vdso|libc(\.musl-\w+)?|libm|libmvec|libdl|librt|libpthread"
    r"|libutil|libnsl|libresolv|libanl|libcrypt|libgcc_s|libstdc\+\+|libc\+\+(abi)?|libatomic"
    r"|libgomp|libomp|libiomp5|libgfortran|libquadmath|libz|libexpat|libGL|libX11|libXext"
    r"|libXrender|libICE|libSM|libglib-2\.0|libgobject-2\.0|libgthread-2\.0|libncursesw"
    r"|libpanelw|libpython3(\.\d+)?"
)
