"""torch-sparse compiles extensions for CPU and CUDA or ROCm that call libtorch's C++ API; read in
0.6.18."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
