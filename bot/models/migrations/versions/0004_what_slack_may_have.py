"""Which promises Slack may have although nobody wrote it down, and indexes that find the head of each channel at once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('waiting', 'sending')")


def upgrade() -> None:
    """Add the column and replace the index."""
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.add_column(sa.Column("tried_at", sa.Double(), nullable=False, server_default="0"))
        batch_op.drop_index("ix_outbox_open", sqlite_where=OPEN, postgresql_where=OPEN)
        batch_op.create_index(
            "ix_outbox_due", ["due_at", "id"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN
        )
        batch_op.create_index(
            "ix_outbox_channel",
            ["workspace_id", "channel", "due_at", "id"],
            unique=False,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        )
    # What is being sent while the program is brought up to date may be in Slack already.
    op.execute("UPDATE outbox SET tried_at = leased_until - 60 WHERE state = 'sending' AND leased_until > 60")


def downgrade() -> None:
    """Take them away again."""
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_index("ix_outbox_channel", sqlite_where=OPEN, postgresql_where=OPEN)
        batch_op.drop_index("ix_outbox_due", sqlite_where=OPEN, postgresql_where=OPEN)
        batch_op.create_index(
            "ix_outbox_open", ["state", "due_at"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN
        )
        batch_op.drop_column("tried_at")
