"""The command line: names, JSON keys and exit codes are a contract (docs/reference/cli.md). Start at `main`.

A command does nothing itself: it asks the agent, the server's functions, or the home's files, and shows the answer.
"""
