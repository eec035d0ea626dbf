"""Packages of the product, each with a Python of its own: what is common to all, and what differs (packaging/README.md).

Nothing here is part of the product. Run with `packaging` as a folder of modules: `make package-linux`, `make package-server`.
"""
