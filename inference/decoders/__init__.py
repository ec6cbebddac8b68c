"""Files from strangers, decoded in a process of their own that can do nothing else: sounds and photos.

`process` is the side that asks, `child` the program that answers, `lockdown` what the child gives up before it reads
the first byte, `sounds` and `photos` what it decodes. The child imports nothing of ours but this package.
"""
