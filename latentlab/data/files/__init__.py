"""Readers of the user's own files, which are hostile until checked."""
