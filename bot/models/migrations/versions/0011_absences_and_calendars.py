"""From when a member is away, beside until when; and how far a team's moments are reckoned anew by a changed calendar."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; who is away already is so from the beginning, and no calendar has changed."""
    with op.batch_alter_table("member") as batch_op:
        batch_op.add_column(sa.Column("away_from", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_member_away_from", ["away_from"])
    with op.batch_alter_table("team") as batch_op:
        batch_op.add_column(sa.Column("reckoned_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))


def downgrade() -> None:
    """Take them away again; who was to be away later is here."""
    op.execute("UPDATE member SET away_until = NULL WHERE away_from > CURRENT_TIMESTAMP")
    with op.batch_alter_table("team") as batch_op:
        batch_op.drop_column("reckoned_to")
    with op.batch_alter_table("member") as batch_op:
        batch_op.drop_index("ix_member_away_from")
        batch_op.drop_column("away_from")
