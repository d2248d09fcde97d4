"""The journal: who signed in, was refused, exported, granted, published, and when. Rows are added, never changed.

It names people by their account's number only, as the history does: an erased person's number leads to nobody, and
nothing has to be rewritten. What a change of data was, before and after, is the history's (`aect.history`).
"""
