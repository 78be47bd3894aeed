"""Reading image files, and bringing images to a size."""
