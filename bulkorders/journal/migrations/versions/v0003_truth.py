"""Batches that pause, gates with their pace, what is known of a remote, and the digest of each payload."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gates",
        sa.Column("gate", sa.String(400), primary_key=True),
        sa.Column("paused_at", sa.DateTime()),
        sa.Column("seconds", sa.Float()),
    )
    op.create_table(
        "facts",
        sa.Column("principal", sa.String(300), primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    for name in ("paused", "keeps_going"):
        op.add_column("batches", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("batches", sa.Column("forgotten_at", sa.DateTime()))
    op.add_column("orders", sa.Column("digest", sa.String(64)))
    op.create_index("batches_paused", "batches", ["id"], unique=False, sqlite_where=sa.text("paused = 1"))
