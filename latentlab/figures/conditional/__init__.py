"""Class-conditional models, drawn."""
