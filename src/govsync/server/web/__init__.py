"""What people see of the server in a browser: the pages of links, for whoever has the address of one, and those of people with
an account, who sign in. They need no script and nothing from elsewhere.

Start at `handlers` for links, whose judge is `server.links`; at `signed_in` for people, whose sessions are `server.sessions`.
"""
