"""FlashAttention compiles CUDA or HIP kernels into an extension that calls libtorch's C++ API
(``at::``, ``c10::``), whose ABI changes with every Torch."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
