"""A model folder is looked at before transformers is: what would open, fetch or run more than it may is refused."""
