"""TorchCodec links CUDA when built with it; 0.12 dropped the last C++ symbols of libtorch for its
stable ABI (0.11.1 and 0.12.0 measured). Its CMakeLists.txt targets Torch 2.11 (read), which 0.12 to
0.17 need (measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator torch if version < 0.12 else accelerator", torch_target="2.11"
)
