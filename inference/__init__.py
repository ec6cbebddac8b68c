"""What computes: request types, prices, dispatcher, pool, worker, engines.

Knows: what can be asked (`requests`), what it costs (`pricing`), which models there are (`catalogue`), how a job is
claimed, computed a step at a time and settled (`dispatcher`, `pool`, `worker`, `engines`).
Does not know: Discord, cards, members' names, or how anything is shown. Only `dispatcher` knows the database, and only
`engines` (with what they load) import torch.
"""
