"""What things look like: a job, a quota, a queue, as Components V2 layouts, and the buttons on them.

Knows: discord.py's components, the store's records. Does not know: the network; nothing here sends anything, except
that a pressed button answers the one who pressed it.
"""
