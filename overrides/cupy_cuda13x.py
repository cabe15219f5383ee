"""CuPy for CUDA 13 links libcufft.so.12 and others of that CUDA, and no Torch (14.2.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
