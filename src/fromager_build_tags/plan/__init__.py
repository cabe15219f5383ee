"""Plan every tag that a settings tree gives, write it to a lock, and explain it."""
