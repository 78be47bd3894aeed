"""The sentences and numbers that every format shares."""
