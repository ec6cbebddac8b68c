"""Subjects' adapters: read and checked, kept in memory, and added to a forward pass of many people's pictures."""
