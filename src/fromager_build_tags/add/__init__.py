"""Propose what a new package depends on, and write it into its settings."""
