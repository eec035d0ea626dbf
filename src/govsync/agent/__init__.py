"""The per-user background process: one home, one device, one agent, one store.

`main` puts the parts together; `loop` is the one control thread that owns the engine and the store; `workers` carry out
its jobs; `stream` listens to the server, `listen` to the control socket; `commands` answers what people ask. Only here,
in `cli` and in `server.app` are clocks and chance read.
"""
