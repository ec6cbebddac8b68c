"""A small Discord that runs on one's own machine, for trying a bot and for its tests.

Knows Discord: its REST API and Gateway, its limits and errors, and what people do in its client
(`docs/sandbox.md`).
Does not know: Atelier, or any other bot. It is reached only over HTTP and WebSocket, and imports nothing of ours.
"""
