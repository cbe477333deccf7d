"""Watch a stream of readings with a model of what is normal."""
