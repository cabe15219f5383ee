"""CuPy links the CUDA or ROCm libraries that it is built with, such as libcufft.so.11 of CUDA 12;
its wheels import no Torch symbol (cupy-cuda12x and cupy-cuda13x 14.2.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
