"""What a wheel is built for: each fact from the first that has it, and what they make together."""
