"""Recipes of what ships, benchmarks of several models, and reproductions of the sources."""
