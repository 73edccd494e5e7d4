"""Fitted networks in files that both languages read."""
