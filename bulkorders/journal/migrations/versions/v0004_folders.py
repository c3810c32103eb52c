"""Files that were dropped into folders, and what people are told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drops",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64)),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("goes", sa.Text()),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("batches", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(12)),
        sa.Column("zh", sa.Text()),
        sa.Column("en", sa.Text()),
        sa.Column("results", sa.Text()),
        sa.Column("shown", sa.String(64)),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime()),
        sa.UniqueConstraint("folder", "path"),
    )
    op.create_index("drops_by_content", "drops", ["folder", "content_hash"], unique=False)
    op.create_index("drops_open", "drops", ["folder"], unique=False, sqlite_where=sa.text("status <> 'finished'"))
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("due", sa.DateTime()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime()),
        sa.Column("given_up_at", sa.DateTime()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("target", "key"),
    )
    op.create_index("notices_due", "notices", ["due"], unique=False, sqlite_where=sa.text("due IS NOT NULL"))
