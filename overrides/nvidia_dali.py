"""DALI carries CUDA device code, with the runtime linked statically (nvidia-dali-cuda120 and
nvidia-dali-cuda130 2.4.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
