"""What the forms in which Windows has policies set say of them (`packaging/windows/policy`, which `make generate` writes)."""

from govsync.text.catalog import Text

TITLE: Text = "GovSync"
DESCRIPTION: Text = "What IT fixes on the PCs of an organisation."
SUPPORTED: Text = "Every version of GovSync that knows the key"
GROUPS: dict[str, Text] = {
    "endpoint": "Server",
    "folder": "Folder",
    "hold": "Ask before",
    "network": "Network",
    "sync": "What is synced",
    "privacy": "Privacy",
    "app": "Icon and window",
    "log": "Log",
}
"""What keys that begin with a word are about."""
