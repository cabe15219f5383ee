"""Check wheel names against their contents."""
