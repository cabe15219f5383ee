"""CuPy links the CUDA or ROCm libraries that it is built with; its wheels import no Torch symbol
(cupy-cuda12x and cupy-cuda13x measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
