"""What people see of the server in a browser: the pages of links. They need no script and nothing from elsewhere.

Start at `handlers`; what a link opens is judged in `server.links`.
"""
