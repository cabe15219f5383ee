"""torch-spline-conv compiles extensions for CPU and CUDA or ROCm that call libtorch's C++ API; read
in 1.2.2."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
