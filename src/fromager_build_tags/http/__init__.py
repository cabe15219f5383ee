"""Read from web servers: one session, retries, redacted URLs."""
