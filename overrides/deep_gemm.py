"""DeepGEMM was pure in 1.0.0, and has an extension that calls libtorch's C++ API since; read in its
setup.py."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch")
