"""MouseGPT-nano: our own small vision-language model, from rendered moments to a file.

It looks like LLaVA, made small: a convolutional eye (that of the pose network), a projector
that turns its view into tokens, and a causal decoder over a small vocabulary of mouse words. It
first says facts, one token each, and then the sentences that follow from them.
"""
