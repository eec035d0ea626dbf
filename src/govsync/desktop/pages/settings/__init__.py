"""What a person can set, for this desk: a page of sections, one a module, and the kinds of lines that they are made of.

Start at `page`. A value is sent when it is done with, and shown as the agent has it: nothing here counts before the agent has
taken it. What the organisation has fixed is shown locked, and says so.
"""
