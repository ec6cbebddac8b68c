"""Bring jobs to their people: follow them, build what their cards show, and deliver what they made."""
