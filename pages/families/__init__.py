"""Families of variational posteriors: which of them cover both modes of a potential."""
