"""Images that a model generates, by the predictions of a classifier."""
