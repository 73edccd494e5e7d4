"""How each kind of input is read, and made into batches for a model: a module a kind, with the same few functions."""
