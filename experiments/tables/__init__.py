"""A table of scores: what it compares, its cells as runs, tuned learning rates, its numbers."""
