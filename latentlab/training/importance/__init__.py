"""SGD that draws examples by the length of their gradients, measured by workers."""
