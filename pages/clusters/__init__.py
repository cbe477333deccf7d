"""The page Clusters: maps of codes."""
