"""spconv and its cumm need libcudart; they use Torch from Python only (spconv-cu121 2.3.8 and
cumm-cu128 0.8.2 measured)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator")
