"""Where the pages are on which people with an account sign in in a browser, below the address of the server."""

ROOT = "/web/"
