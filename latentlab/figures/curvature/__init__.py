"""Figures of the curvature of a loss."""
