"""Readers of files by format: csv, json, parquet and text, whole or as record batches."""
