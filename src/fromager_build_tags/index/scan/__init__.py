"""``add --from-index``: what the wheels of indexes depend on, against what the settings give."""
