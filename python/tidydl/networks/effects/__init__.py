"""Effects of the inputs of a fitted network."""
