"""Until when what an import brought comes up a few a day."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; teams that are live already have nothing that waits."""
    with op.batch_alter_table("team") as batch_op:
        batch_op.add_column(sa.Column("backlog_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take it away again."""
    with op.batch_alter_table("team") as batch_op:
        batch_op.drop_column("backlog_until")
