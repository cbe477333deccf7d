"""The first page: cards of all others, and every run."""
