"""What Alembic runs to take the steps, inside the transaction that `migrate` hands over: both databases can undo DDL."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
