"""Features: one folder for each thing that members can do, with its commands, cards, buttons and use cases.

Knows: `bot.shared`. Does not know: another feature; what everything is built of (`bot.run`, `bot.client`).
"""
