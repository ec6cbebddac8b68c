"""Files from strangers, decoded in a process of their own that can do nothing else: sounds, photos and pictures.

`process` is the side that asks, `child` the program that answers, `lockdown` what the child gives up before it reads
the first byte, `sounds`, `photos` and `pictures` what it decodes. The child imports nothing of ours but this package.
"""
