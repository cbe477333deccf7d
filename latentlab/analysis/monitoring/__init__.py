"""What is not normal: scores by a model, thresholds, alarms, and the baselines that a model is held against."""
