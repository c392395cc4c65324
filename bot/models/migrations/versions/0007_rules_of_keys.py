"""By which rules of identity the keys of a workspace's customers were made."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is here already was made by rules that had no number."""
    with op.batch_alter_table("workspace") as batch_op:
        batch_op.add_column(sa.Column("key_rules", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take it away again."""
    with op.batch_alter_table("workspace") as batch_op:
        batch_op.drop_column("key_rules")
