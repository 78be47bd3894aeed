"""What decoders are built from."""
