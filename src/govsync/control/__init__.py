"""Talking to the agent over its socket: messages, their form, and a client; may import `settings`, `system`, `model`."""
