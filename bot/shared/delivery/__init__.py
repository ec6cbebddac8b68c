"""Bring jobs to their people: follow them, keep their cards up to date, and deliver what they made."""
