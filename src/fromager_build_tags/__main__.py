"""``python -m fromager_build_tags``: the same as ``fromager-build-tags``."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the working folder: it can contain a stranger's yaml.py
    from .commands import main

    main(prog_name="fromager-build-tags")
