"""Phantom editions of datasets: a few small drawn images in the layout of the published files."""
