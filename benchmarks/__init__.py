"""Speed as ratios against named peers, measured in one run; nothing here is a test."""
