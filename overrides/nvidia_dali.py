"""DALI carries CUDA device code, with the runtime linked statically; measured as nvidia-dali-
cuda130 2.4.0."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
