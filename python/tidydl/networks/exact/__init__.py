"""The engine whose numbers are R's to the last bit."""
