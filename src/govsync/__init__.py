"""GovSync: a folder on every desk, a server of one's own, and no lost byte."""

__version__ = "0.1.0"
