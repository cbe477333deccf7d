"""The curvature of a loss over the parameters of a network."""
