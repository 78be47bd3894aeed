"""From stored pixels to batches."""
