"""Orders that are followed until they are created, and orders that can be modified."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("updatable", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ("updates", "void", "taken"):
        op.add_column("orders", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("orders", sa.Column("asks", sa.Integer(), server_default="0", nullable=False))
    op.add_column("orders", sa.Column("carrier", sa.Text(), nullable=True))
    op.execute("UPDATE orders SET taken = 1 WHERE status IN ('created', 'accepted', 'sending', 'in_doubt')")
    op.create_index("orders_by_due", "orders", ["gate", "due"], unique=False, sqlite_where=sa.text("due IS NOT NULL"))
