"""Markov chains, drawn."""
