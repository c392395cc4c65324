"""When an owner was last warned that an opportunity would be taken away."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; warnings of the past are taken from the history."""
    with op.batch_alter_table("opportunity") as batch_op:
        batch_op.add_column(sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        """
        UPDATE opportunity SET warned_at = (
            SELECT max(event.at) FROM event
            WHERE event.opportunity_id = opportunity.id AND event.kind = 'LadderStepTaken'
            AND CAST(event.payload AS TEXT) LIKE '%"step"%"warn"%'
        )
        WHERE attention_at IS NOT NULL
        """
    )


def downgrade() -> None:
    """Take it away again."""
    with op.batch_alter_table("opportunity") as batch_op:
        batch_op.drop_column("warned_at")
