"""A photovoltaic plant by its physics: weather, a string of modules with faults, and what its sensors read."""
