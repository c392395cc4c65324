"""An index by which old messages that are done with are found and forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

SETTLED = sa.text("state IN ('sent', 'dropped', 'dead')")


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_outbox_settled", "outbox", ["due_at"], unique=False, sqlite_where=SETTLED, postgresql_where=SETTLED
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_outbox_settled", "outbox", sqlite_where=SETTLED, postgresql_where=SETTLED)
