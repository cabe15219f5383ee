"""CatBoost carries CUDA device code, with the runtime linked statically (1.2.10 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
