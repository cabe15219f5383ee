"""Torch in a wheel: the symbols that it needs, and which releases of Torch export them."""
