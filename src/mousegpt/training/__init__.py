"""Training of the networks: samples, augmentation, detector, pose network, loop, export.

Modules that import torch are imported inside functions; `mousegpt[train]` brings it.
"""
