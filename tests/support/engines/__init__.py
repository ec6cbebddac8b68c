"""Engines with tiny models, and what they are given."""
