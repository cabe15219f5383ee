"""GPTQModel compiles CUDA extensions that call libtorch's C++ API; from 7.0 on it does so at run
time only (setup.py of 6.0.3 and 7.0.0 read)."""

from fromager_build_tags.needs import depends_on

wheel_build_tag = depends_on("accelerator torch if version < 7 else none")
