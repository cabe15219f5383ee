"""llama-cpp-python builds ggml for CUDA, ROCm or the CPU, and does not use Torch; read in the
CMakeLists.txt of 0.3.36."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
