"""Use cases: what the bot does when somebody asks, in ids, bytes and records.

Knows: requests, prices and the catalogue (`inference`'s light types), the store (`db`).
Does not know: Discord. No module here imports `discord`; commands, buttons and tests call the same functions.
"""
