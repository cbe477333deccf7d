"""The user's own data sets, read once and saved under a name."""
