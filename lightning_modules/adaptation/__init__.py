"""What fine-tuning trains of a network, and how: one file each."""
