"""Text-to-image models: folders that are checked before anything in them is opened, loaded and kept in memory."""
