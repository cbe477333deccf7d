"""Markov chains and energies."""
