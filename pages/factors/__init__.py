"""The page Factors: which dimension of a code says what of the factors of the data."""
