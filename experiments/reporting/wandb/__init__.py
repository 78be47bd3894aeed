"""The mirror of records in wandb. Nothing is read back from it."""
