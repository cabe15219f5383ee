"""Device code in a library: for which GPU architectures it is compiled."""
