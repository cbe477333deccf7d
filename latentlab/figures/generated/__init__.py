"""Generated images, as a classifier sees them."""
