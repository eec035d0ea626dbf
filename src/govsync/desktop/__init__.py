"""The window and the tray: what staff see. May import `control`, `settings`, `text`, `system`, `model`; alone knows Qt.

It holds no rule. Everything it shows comes from the one `Status` and from paged lists, everything it does is a request to the
agent (`link`) or a command run as a process (`commands`). Start at `app`; how it looks is `theme` and `art/`, and why so
docs/decisions/0030.
"""
