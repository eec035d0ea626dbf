"""The worst days that people of other sync programs had, played against this one (docs/reliability.md lists them)."""
