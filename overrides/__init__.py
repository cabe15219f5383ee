"""One module per accelerator-sensitive package, or family of packages: what its wheels depend on.

Each is a plain fromager override module. It can be copied into another distribution and
registered there in ``fromager.project_overrides`` as it is.
"""
