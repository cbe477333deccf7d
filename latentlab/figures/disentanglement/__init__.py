"""Codes and the factors of the data."""
