"""How an example is drawn: an image as it is, a vector as bars, a series as curves."""
