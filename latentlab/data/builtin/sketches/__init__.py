"""Sketches drawn by a program: the pen, the seven things, and the data set."""
