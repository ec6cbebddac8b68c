"""Members who submit jobs to a real database."""
