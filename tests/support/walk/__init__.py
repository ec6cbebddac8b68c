"""A random walk: members who do anything that they can see, and what must hold whatever they do."""
