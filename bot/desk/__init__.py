"""The operator's web page, and figures for Prometheus: what waits, runs, was spent and failed.

Knows: aiohttp, the database's figures, the workers' loads. Does not know: Discord, what members asked for (no prompt,
name or picture is shown), how to change anything. Every request needs the token; only /healthz does not, and says
nothing but that the bot lives.
"""
