"""Maps of many codes: projections, how far to trust them, clusters."""
