"""The Alembic environment of every service; ``services/runtime/migrate.py`` hands it the connection.

A service owns only a folder ``migrations/versions``: this one file serves them all.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    # The transaction is the caller's: it began before the version was read and holds the lock.
    transactional_ddl=True,
)
context.run_migrations()
