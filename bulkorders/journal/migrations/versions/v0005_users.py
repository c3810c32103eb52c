"""Users with their sessions and tokens, uploaded files, corrections to cells, and what tells whether a draft's payload is as it was."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add_users()
    _add_uploads()
    op.add_column("placements", sa.Column("digest", sa.String(64)))
    op.create_index("batches_by_whom", "batches", ["by_whom", "created_at"], unique=False)


def _add_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("folded", sa.String(100), nullable=False, unique=True),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("disabled_at", sa.DateTime()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed_at", sa.DateTime()),
    )
    for table, extra in (
        ("sessions", (sa.Column("seen_at", sa.DateTime(), nullable=False), sa.Column("expires_at", sa.DateTime(), nullable=False))),
        ("api_tokens", (sa.Column("name", sa.String(100), nullable=False), sa.Column("seen_at", sa.DateTime()))),
    ):
        op.create_table(
            table,
            sa.Column("hash", sa.String(64), primary_key=True),
            sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
            sa.Column("created_at", sa.DateTime(), nullable=False),
            *extra,
        )
        op.create_index(f"{table}_by_user", table, ["user_id"], unique=False)


def _add_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("by_whom", sa.String(200), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("account", sa.String(200)),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("refused", sa.JSON()),
        sa.Column("batches", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime()),
    )
    op.create_index("uploads_open", "uploads", ["status", "at"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("batch", sa.String(40), sa.ForeignKey("batches.id"), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(4), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.String(200)),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_index("corrections_by_batch", "corrections", ["batch"], unique=False)
