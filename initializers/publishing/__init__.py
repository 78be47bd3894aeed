"""Published weights: where to get them, the store that keeps them, and the inspection of files."""
