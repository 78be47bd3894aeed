"""The recipes: one file per study, each value with its source or the word *assumed*."""
