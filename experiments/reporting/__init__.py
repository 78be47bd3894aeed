"""Finished tables for readers: words, drawings, files, the HTML page, wandb."""
