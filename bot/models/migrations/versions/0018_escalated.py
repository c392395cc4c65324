"""When a manager was last told that an opportunity's next step is overdue."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; escalations of the past are taken from the history."""
    with op.batch_alter_table("opportunity") as batch_op:
        batch_op.add_column(sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        """
        UPDATE opportunity SET escalated_at = (
            SELECT max(event.at) FROM event
            WHERE event.opportunity_id = opportunity.id AND event.kind = 'LadderStepTaken'
            AND CAST(event.payload AS TEXT) LIKE '%"step"%"escalate"%'
            AND CAST(event.payload AS TEXT) LIKE '%"cause"%"next_step"%'
        )
        WHERE attention_at IS NOT NULL
        """
    )


def downgrade() -> None:
    """Take it away again."""
    with op.batch_alter_table("opportunity") as batch_op:
        batch_op.drop_column("escalated_at")
