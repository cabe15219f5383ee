"""Rules: what a check, a review, a verification or an audit can have to say.

A rule has a code that begins with its family: BT1 settings, BT2 review, BT3 wheel, BT4 index.
"""
