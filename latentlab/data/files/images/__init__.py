"""Images: their folders, their bytes, their channels and intensities, and drawings."""
