"""The page Probes: what can be decoded from every layer."""
