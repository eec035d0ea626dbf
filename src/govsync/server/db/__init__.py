"""The server's database: one schema for SQLite and PostgreSQL (SQLAlchemy Core, called synchronously)."""
