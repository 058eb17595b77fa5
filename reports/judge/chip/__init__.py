"""A chip transaction as the judge reads it off a timeline, and what by the books must have come of it.

Nothing here is shared with a kernel: what the terminal verification results must say is worked out from what passed
between card, terminal, host and people, and from what the card twin and the rig say of themselves.
"""
