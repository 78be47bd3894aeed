"""From the pixels of a dataset to the batches that networks take: augmentation, framing and loading."""
