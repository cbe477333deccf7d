"""The page Sampling: Markov chains and what they are worth."""
