"""The page GSN: Markov chains of images."""
