"""The decoders of segmentations, a file each."""
