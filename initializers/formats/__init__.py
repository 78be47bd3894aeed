"""Reading weight files of every format, without running anything in them."""
