"""What tests of several folders use beside tiny models."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]  # of the repository
