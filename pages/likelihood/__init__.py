"""The page Likelihood: bounds on log p(x)."""
