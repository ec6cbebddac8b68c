"""Members, what they trained, and everything that is kept of them.

Knows: when a member was seen and what they prefer; subjects, who may use them and the consent behind each; which rows
of all tables are about a member, to hand them out or to erase them. Does not know: names and faces (they stay with the
platform), files, or how a job is queued.
"""
