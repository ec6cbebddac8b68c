"""The commands. Each acknowledges, builds a request, calls one service and replies; errors are explained elsewhere.

Knows: discord.py, the services, the cards. Does not know: SQL, prices, how anything is computed or delivered.
"""
