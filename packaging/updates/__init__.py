"""Makes and signs a place of updates, which desks believe by The Update Framework (docs/it/updates.md). Whoever has the keys
runs it; desks have no part of it."""
