"""`atelier models`: the catalogue, as an operator changes it from the command line.

Knows: the settings, the catalogue's file, the hub. Does not know: the features, or how anything is computed; torch is
asked in a child, and single files are converted in one that has no network.
"""
