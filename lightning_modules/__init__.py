"""The Lightning modules: classification, segmentation and self-supervised pretraining of any backbone."""
