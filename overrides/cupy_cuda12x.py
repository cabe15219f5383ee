"""CuPy for CUDA 12 links libcufft.so.11 and others of that CUDA, and no Torch (14.2.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
