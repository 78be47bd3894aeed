"""Using the networks of finished runs: predictions on images that nobody labelled."""
