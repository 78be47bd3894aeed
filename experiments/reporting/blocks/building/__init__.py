"""What blocks are made of: lines and texts that every format shows, and what they are gathered from."""
