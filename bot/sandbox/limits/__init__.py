"""Discord's documented limits, checked as it checks them: the error names each field that is wrong.

Knows what Discord accepts in messages, components, modals and command lists. Does not know what is done with them.
"""
