"""The initializers, which are sources of weights: one file per method or family."""
