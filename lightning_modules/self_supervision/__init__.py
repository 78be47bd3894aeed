"""What the self-supervised methods are made of, each part once."""
