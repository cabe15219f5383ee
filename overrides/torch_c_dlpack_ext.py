"""The extension imports 26 C++ symbols of libtorch, and those of libc10_cuda where Torch has CUDA
(0.1.5 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
