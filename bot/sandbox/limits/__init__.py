"""The platform's documented limits, checked as the platform checks them: an error tree that names each bad field.

Knows what Discord accepts in messages, components, forms and command lists. Does not know what is done with them.
"""
