"""Linear probes on every layer."""
