"""What several tests share: bots, stores, tiny models, files. Tests are elsewhere, and import none of each other."""
