"""Prepared datasets: images that were decoded once are stored, read and checked; a dataset is opened for a run."""
