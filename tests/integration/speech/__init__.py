"""Real models on real speech."""
