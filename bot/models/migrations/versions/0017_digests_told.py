"""Whether Slack has a digest: what happened since the last one that it has is told by the next."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was made so far counts as told."""
    with op.batch_alter_table("digest_record") as batch_op:
        batch_op.add_column(sa.Column("is_told", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Take it away again."""
    with op.batch_alter_table("digest_record") as batch_op:
        batch_op.drop_column("is_told")
