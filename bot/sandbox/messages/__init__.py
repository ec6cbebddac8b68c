"""Creating, editing, deleting and reacting to messages, for the bot and for people alike.

Knows the limits, the state and the Gateway. Does not know the routes and the actions that ask for it.
"""
