"""Maps of many codes: projections, their trustworthiness, clusters."""
