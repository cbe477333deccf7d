"""Training by importance sampling against plain SGD, and what a page requests."""
