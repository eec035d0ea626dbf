"""Measures the product from outside: real processes, the command line, deterministic data. Never part of the tests.

`python -m bench` runs the workloads W1 to W6 of `docs/performance.md` and prints minimum and median of several runs
beside the machine's own limits of the same session; `--peers` adds a column for a peer. `workloads` are the stories,
`world` says what they need of a program, `product` and `syncthing` are the two that can be measured; `data` makes the
files, `limits` measures the machine.
"""
