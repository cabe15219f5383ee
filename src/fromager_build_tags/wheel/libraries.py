"""What the name of a shared library says: whose it is."""

from __future__ import annotations

import re
from enum import StrEnum


class Accelerator(StrEnum):
    """The accelerator stacks that a library's name or its code can belong to."""

    CUDA = "cuda"
    ROCM = "rocm"
    XPU = "xpu"


def stem(name: str) -> str:
    """Return a library's name without version and without the hash that auditwheel puts in.

    >>> stem("libcudart-3eda8113.so.13.0.96"), stem("libcudart.3eda8113.so.13")
    ('libcudart', 'libcudart')
    """
    return _MANGLED.sub("", name.rpartition("/")[2].partition(".so")[0])


def accelerator_of(name: str) -> Accelerator | None:
    """Return the stack that a library belongs to."""
    base = stem(name)
    return next((stack for stack, names in _STACKS.items() if names.fullmatch(base)), None)


def major_of(name: str) -> int | None:
    """Return the major version of the stack that a library's soname tells, if it tells one.

    >>> [major_of(name) for name in ("libcudart-3eda8113.so.13.0.96", "libcufft.so.11")]
    [13, 12]
    """
    version = _SONAME.search(name)
    if version is None:
        return None
    base, number = stem(name), int(version.group(1))
    if _SAME_MAJOR.fullmatch(base):
        return number
    return _OTHER_MAJORS.get((base, number))


def is_torch(name: str) -> bool:
    """Whether a library is one of libtorch's own."""
    return _TORCH.fullmatch(stem(name)) is not None


_MANGLED = re.compile(r"[-.][0-9a-f]{8}(?=$|[-.])")
_TORCH = re.compile(r"libc10(_cuda|_hip|_xpu)?|libtorch(_(cpu|cuda|hip|xpu|python|global_deps))?")

_SONAME = re.compile(r"\.so\.(\d{1,4})(?![0-9])")
# Of the toolkits' libraries these bear the toolkit's own major; the others count for themselves.
_SAME_MAJOR = re.compile(
    r"libcudart|libcublas(Lt)?|libnvrtc(-builtins)?|libnvJitLink|libcupti|libnpp\w+|libnvjpeg"
    r"|libnvblas|libnvfatbin|libcuinj64|libamdhip64|libhiprtc(-builtins)?"
)
_OTHER_MAJORS = {("libcufft", 11): 12, ("libcufft", 12): 13, ("libcusolver", 12): 13}

# CUDA toolkit, driver, NVIDIA's libraries built per CUDA major (names as in the nvidia-* wheels),
# RAPIDS, which is CUDA's alone; ROCm's as in rocm-libs; oneAPI's runtime for SYCL, Level Zero.
_STACKS = {
    Accelerator.CUDA: re.compile(
        r"libcuda|libcudart(_static)?|libcudnn(_\w+)?|libcublas(Lt|Mp|mp)?|libcufft(w|Mp)?"
        r"|libcurand|libcusolver(Mg|Mp)?|libcusparse(Lt)?|libcudss\w*|libcutensor(Mg|net)?"
        r"|libcustatevec|libcudensitymat|libcupti|libcufile(_rdma)?|libcudla|libcuinj64"
        r"|libaccinj64|libpcsamplingutil|libnccl|libnvrtc(-builtins)?|libnvJitLink"
        r"|libnvToolsExt|libnvshmem\w*|libnvinfer\w*|libnvonnxparser|libnvjpeg(2k)?|libnvcomp\w*"
        r"|libnpp\w+|libnvidia-(ml|encode|opticalflow|ptxjitcompiler|nvvm\w*)|libnvfatbin"
        r"|libnvptxcompiler|libnvvm|libnvperf\w*|libnvcuvid|libnvimgcodec|libnvtiff|libnvblas"
        r"|libnvrm_gpu|libnvcv\w*|libcvcuda|libnvoptix"
        r"|librmm|libcudf\w*|libcuvs\w*|libcuml\w*(\+\+)?|libcugraph\w*|libkvikio"
        r"|libcuspatial|libwholegraph|libcuopt"
        r"|libc10_cuda|libtorch_cuda\w*"
    ),
    Accelerator.ROCM: re.compile(
        r"libamdhip64|libhip(blas(lt)?|dnn\w*|fft|rand|solver|sparse(lt)?|tensor|rtc(-builtins)?)"
        r"|libroc(alution|blas|decode|fft|jpeg|m-core|rand|solver|sparse|al|tx64|profiler[\w-]*"
        r"|tracer64|m_smi64|shmem)|libMIOpen|librccl|libhsa-runtime64|libhsa-amd-aqlprofile64"
        r"|libamd_comgr|libamd_smi|libmigraphx\w*|libdevice_operations"
        r"|libc10_hip|libtorch_hip"
    ),
    Accelerator.XPU: re.compile(
        r"libsycl|libze_loader|libur_(loader|adapter_\w+)|libmkl_sycl\w*|libccl|libc10_xpu"
        r"|libtorch_xpu"
    ),
}
