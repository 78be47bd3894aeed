"""What measures are made of: how they are computed, cached and checked."""
