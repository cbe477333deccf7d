"""The page Transfer: a network that was trained on other data, and what it is worth with few labels."""
