"""Model selection on held-out rows."""
