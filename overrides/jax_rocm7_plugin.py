"""JAX' kernels for ROCm 7 need libhipblas, libMIOpen and others of it (0.12.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
