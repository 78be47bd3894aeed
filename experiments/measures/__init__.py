"""What is measured of finished runs: one file each, which defines ``MEASURE``."""
