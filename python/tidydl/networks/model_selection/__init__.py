"""Networks compared on rows held out."""
