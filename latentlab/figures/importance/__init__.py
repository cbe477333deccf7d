"""Figures of importance sampling."""
