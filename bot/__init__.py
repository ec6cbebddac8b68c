"""What people see: commands, cards, forms, delivery and web pages, spoken over Discord.

Knows: discord.py, the store (`db`), and the light types of `inference` (requests, prices, catalogue, messages).
Does not know: torch, diffusers or whisper, how a picture is computed, or which device computes it.
"""
