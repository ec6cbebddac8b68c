"""`atelier doctor`: a check for everything that Atelier needs, each with what is wrong and what to do about it.

Knows: the settings, and everything that a start would open. Does not know: the features, or how anything is computed;
torch is asked in a child. It makes the data folder and changes nothing else: no table, no running bot.
"""
