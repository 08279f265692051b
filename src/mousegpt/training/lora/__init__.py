"""Fine-tuning of a describer in this process: adapters for a model that transformers knows.

For one GPU and models that fit it; for more, see `mousegpt.training.tuning`.
"""
