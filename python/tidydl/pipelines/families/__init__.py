"""The families of tasks, one module each, which runs a model over the inputs and writes the tidy frame."""
