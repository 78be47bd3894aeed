"""What a folder of images is: how it can be read, why, and what is not sure. No file is changed."""
