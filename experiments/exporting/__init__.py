"""Trained networks for use elsewhere: safetensors, ONNX, a folder for timm, each with a model card."""
