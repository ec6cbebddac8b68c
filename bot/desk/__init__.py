"""Web pages: the operator's, with figures for Prometheus, and the one on which members paint.

The operator's shows what waits, runs, was spent and failed. It knows aiohttp, the database's figures and the workers'
loads; not Discord, nor what members asked for (no prompt, name or picture is shown), nor how to change anything. Every
request needs the token; only /healthz does not, and says nothing but that the bot lives.

The members' page is served apart, by addresses that are signed for one picture each. What it shows and does is in what
the address stands for (`bot.shared.paint_links`).
"""
