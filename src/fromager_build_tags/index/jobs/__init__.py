"""``jobs``: the wheels to build once for several stacks, and the order of their builds."""
