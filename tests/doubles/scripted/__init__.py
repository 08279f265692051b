"""A model service that follows a script, with every fault a real one has."""
