"""The pictures of a finished table, one file each."""
