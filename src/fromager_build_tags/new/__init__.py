"""A package that nobody has told of yet: what its wheel needs, and the file that says so."""
