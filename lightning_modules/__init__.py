"""What is trained: classification and segmentation over any backbone."""
