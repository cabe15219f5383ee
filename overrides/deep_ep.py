"""DeepEP links NVSHMEM and CUDA, in an extension that calls libtorch's C++ API; read in the
setup.py of 1.0.0."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
