"""Published weights: where they are, the weight store, what a file is."""
