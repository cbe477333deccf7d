"""The curvature of losses along trainings, and what a page requests."""
