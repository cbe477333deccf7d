"""Class-conditional models: analogies, style, classifiers of what they generate."""
