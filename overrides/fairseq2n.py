"""fairseq2's native part needs libcudart and imports C++ symbols of libtorch (0.8.1 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
