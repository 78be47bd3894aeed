"""The datasets: one file each, with its label rules and its phantom edition."""
