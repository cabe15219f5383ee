"""SGLang's FlashMLA needs libcudart and is on Torch's stable ABI (1.0.0 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator", torch_target="headers")
