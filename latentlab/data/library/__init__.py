"""The user's own data sets, opened once and kept by name."""
