"""torch-cluster compiles extensions for CPU and CUDA or ROCm that call libtorch's C++ API; read in
1.6.3."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
