"""Families of picture models: each file knows all that the engine has to know of one.

`family.Family` is what a family says and does; a module here with a `FAMILY` is one (`registry` finds it), `unet` and
`flow` hold what several have in common. What can be said without torch is in `inference.families`.
"""
