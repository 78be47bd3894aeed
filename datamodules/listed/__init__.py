"""Lists of images by name, held against a dataset: which of its images and patients are among them."""
