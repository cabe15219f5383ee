"""JAX' XLA and kernels for CUDA carry its device code, and need no library of it (jax-cuda12-pjrt,
-plugin, jax-cuda13-pjrt and -plugin 0.12.0.1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
