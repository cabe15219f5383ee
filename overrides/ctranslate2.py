"""CTranslate2 carries CUDA device code, with the runtime linked statically (4.8.5 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
