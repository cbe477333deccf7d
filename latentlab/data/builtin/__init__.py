"""Data sets that LatentLab knows by name."""
