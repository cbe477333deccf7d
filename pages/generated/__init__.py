"""The page Generated images: what a classifier recognises in them, next to what it recognises in real ones."""
