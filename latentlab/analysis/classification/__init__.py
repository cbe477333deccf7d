"""What a classifier knows: how well it predicts, what it confuses, and what it makes of examples that are changed."""
