"""Propose the dependencies of a new package, and write them into its settings or a module."""
