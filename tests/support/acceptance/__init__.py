"""A bot beside the local Discord, and what its members do there."""
