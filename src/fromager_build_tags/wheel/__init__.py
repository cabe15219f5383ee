"""Read what is inside a wheel: which libraries it needs, which accelerator, which Torch.

Bytes in, facts out: this package imports nothing of fromager, and of ours only errors, text, http.
"""
