"""Measures the product from outside: real processes, the command line, deterministic data. Never part of the tests.

`python -m bench` runs the workloads W1 to W6 of `docs/performance.md` and prints minimum and median of several runs
beside the machine's own limits of the same session. `world` starts a server and two desks, `data` makes the files,
`limits` measures the machine, `workloads` are the stories.
"""
