"""JAX' kernels for CUDA 13 carry its device code, and need no library of it (0.12.0.1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
