"""FlashAttention 2 compiles CUDA or HIP kernels into an extension that calls libtorch's C++ API;
read in the setup.py and csrc of 2.8.3.post2, since the registry has no wheel."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
