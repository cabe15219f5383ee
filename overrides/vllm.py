"""vLLM imports C++ symbols of libtorch (up to 0.32 measured). The CUDA wheel of 0.33 has only those
of the stable ABI, but ROCm and CPU builds still compile against ATen (read in CMakeLists.txt)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
