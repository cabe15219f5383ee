"""Renderers: from plain data to a text, a table or JSON."""
