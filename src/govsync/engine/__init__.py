"""The decisions of the client: what to look at, what to send, what to place, and what to say about it.

The engine is an ordinary object without threads, clock or I/O of its own. It is told observations (`events`) and the
time, and answers with `jobs` (values) that somebody else carries out; results come back as events. Start reading at
`loop`.
"""
