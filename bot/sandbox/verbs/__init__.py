"""What a person can do in Discord's client, with the checks that the client makes (`docs/sandbox.md`).

Knows acts and their conditions. Does not know how they are asked for: over HTTP (`human`) or by a test (`member`).
"""
