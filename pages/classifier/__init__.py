"""The page Classifier: how well a classifier predicts, what it confuses, and what it looks at."""
