"""Runs migrations on the connection that `bulkorders.journal.migrate` hands over."""

from alembic import context

from bulkorders.journal.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False, render_as_batch=True)
context.run_migrations()
