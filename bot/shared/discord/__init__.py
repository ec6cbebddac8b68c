"""Around discord.py: interactions, persistent buttons, forms, limits, and errors said in sentences."""
