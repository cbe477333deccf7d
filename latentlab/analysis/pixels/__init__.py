"""Models that give the probability of each pixel from those before it."""
