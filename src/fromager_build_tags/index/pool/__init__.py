"""``merge``: one pool of files, a simple index for each stack, and one for all accelerators."""
