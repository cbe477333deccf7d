"""The page Traversal: the latent space, decoded where the pointer is."""
