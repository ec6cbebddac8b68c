"""What there is: users, guilds, channels, messages and files, who may do what, and all of it as Discord's JSON.

Knows the clock and the errors. Does not know the bot's connection, or how anything is asked for.
"""
