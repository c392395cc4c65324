"""How often Slack refused a message: a program that was killed with one in hand is no refusal."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was tried before counts as refused."""
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.add_column(sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE outbox SET refusals = attempts WHERE state = 'waiting'")


def downgrade() -> None:
    """Take it away again."""
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_column("refusals")
