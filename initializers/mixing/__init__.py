"""Taking some tensors from one source and some from another."""
