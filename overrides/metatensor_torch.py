"""metatensor's packages for Torch import C++ symbols of libtorch, and need no accelerator
(metatensor-torch 0.10.8, metatomic-torch 0.1.19, featomic-torch 0.7.6 and vesin-torch 0.6.2
measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("torch")
