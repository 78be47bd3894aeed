"""Images that nobody labelled: how new ones are found and read, as a dataset reads its own."""
