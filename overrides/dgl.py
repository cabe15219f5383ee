"""DGL imports C++ symbols of libtorch in a library for each Torch (2.1.0 measured); built with
`USE_CUDA` it links CUDA."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
