"""The page Analogies: one style in every class, and directions between groups."""
