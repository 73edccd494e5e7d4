"""Calls, files and templates that are drawn at random, and the tests that draw some."""
