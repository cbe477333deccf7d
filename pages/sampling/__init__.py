"""The page Sampling: Markov chains and their diagnostics."""
