"""How near the samples of a generator are to the data: densities, distances, and modes."""
