"""A small Discord that runs on one's own machine, for trying a bot and for its tests.

Knows Discord: its REST API and Gateway, its limits and errors, and what people do in its client (`docs/sandbox.md`).
Does not know: Atelier, or any other bot. It is reached only over HTTP and WebSocket, and imports nothing of ours but
`common`.

Each folder may import those above it:
    state         guilds, channels, messages, files, permissions, and all of it as Discord's JSON
    limits        what Discord accepts, and the error that it answers otherwise
    gateway       events to the bot
    messages      creating, editing and deleting messages
    interactions  commands, components and modals: from a person's click to the bot's response
    rest, human   the bot's REST API, and the people's API with the page
"""
