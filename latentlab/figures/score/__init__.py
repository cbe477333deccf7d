"""Score fields, drawn."""
