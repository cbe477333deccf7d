"""A latent space: traversal, principal components, paths, attribute vectors, support, the health of a bottleneck."""
