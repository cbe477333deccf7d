"""GANs and InfoGANs, next to other families."""
