"""JAX' XLA for ROCm needs libamdhip64, librccl and others of it; its kernels need libhipblas,
libMIOpen and others (jax-rocm7-pjrt and -plugin 0.12.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
