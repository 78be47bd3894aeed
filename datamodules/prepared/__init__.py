"""Images that were decoded once: storing them, reading them, and what is wrong with them."""
