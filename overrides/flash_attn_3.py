"""FlashAttention 3 calls libtorch through its stable ABI when built against Torch 2.9 or later, and
through its C++ API otherwise; read in its hopper/setup.py, which targets Torch 2.9, and measured in
xformers 0.0.34, which carries the same code."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on(
    "accelerator torch if torch < 2.9 else accelerator", torch_target="2.9"
)
