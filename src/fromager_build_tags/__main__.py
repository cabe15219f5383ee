"""``python -m fromager_build_tags``: the same as ``fromager-build-tags``."""

from .commands import main

if __name__ == "__main__":
    main(prog_name="fromager-build-tags")
