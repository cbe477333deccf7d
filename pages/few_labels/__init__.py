"""The page Few labels: what a model finds out from the classes of a few examples."""
