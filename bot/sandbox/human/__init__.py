"""What people do and see in Discord's client, with the checks that the client makes (`docs/sandbox.md`).

Knows the actions, and what each member sees; the page, other programs and tests all come in here.
Does not know: what the bot does with it.
"""
