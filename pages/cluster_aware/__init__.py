"""The page Cluster-aware generation: a cluster between two layers, and what it changes."""
