"""Reading label files, and what several datasets' labels have in common."""
