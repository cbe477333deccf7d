"""The page Train: data, a model and its knobs; watch it learn."""
