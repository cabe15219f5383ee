"""vLLM imports C++ symbols of libtorch (up to 0.32 measured). From 0.33 on its CUDA wheel has only
those of the stable ABI (measured); ROCm and CPU builds still compile against ATen (read). Its
CMakeLists.txt targets Torch 2.10, and 2.11 for vendored kernels (read)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator if version >= 0.33 and accelerator == cuda else accelerator torch",
    torch_target="2.11",
)
