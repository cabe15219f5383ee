"""Check a settings tree: its variants, packages, overrides and files."""
