"""Application commands, message components and modals: from what a person does to the bot's response.

Knows the deadlines, what is shown to whom, and what a response may be. Does not know paths and bodies of HTTP.
"""
