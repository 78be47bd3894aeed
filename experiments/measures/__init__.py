"""What is measured of finished runs beside the test score: one file each, which defines a function of its name."""
