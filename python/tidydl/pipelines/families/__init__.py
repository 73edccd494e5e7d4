"""The families of tasks: a module each, which runs a model over the inputs and writes the tidy frame."""
