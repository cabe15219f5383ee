"""Compare two snapshots of settings: which wheel names change, and why."""
