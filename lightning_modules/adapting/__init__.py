"""What adaptations are built from."""
