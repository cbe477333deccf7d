"""Figures of models that give the probability of each pixel from those before it."""
