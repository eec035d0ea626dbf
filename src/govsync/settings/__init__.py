"""The settings of a desk: one table of keys (`schema`), and which source wins (`merge`). Pure; may import `model`."""
