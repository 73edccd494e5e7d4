"""Data sets and examples as analysis-ready frames."""
