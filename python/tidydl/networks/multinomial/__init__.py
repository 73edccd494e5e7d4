"""Multinomial log-linear models."""
