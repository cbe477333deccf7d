"""The page Importance sampling: SGD that draws examples by the length of their gradients, and the longest of them."""
