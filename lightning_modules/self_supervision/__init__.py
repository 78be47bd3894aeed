"""The parts that self-supervised methods are built from."""
