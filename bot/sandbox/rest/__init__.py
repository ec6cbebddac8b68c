"""Discord's REST API, v10, for the bot.

Knows paths, tokens, bodies and status codes. What they mean is in the rooms beside this one.
"""
