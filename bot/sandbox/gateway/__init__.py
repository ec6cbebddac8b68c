"""Discord's Gateway: the bot's connections, its sessions, and the events that it is sent.

Knows the state and the faults. Does not know why an event is sent.
"""
