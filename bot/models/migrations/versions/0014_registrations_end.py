"""How a registration ended, its renewal, and the names under which imports know a member."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns; what ended until now ended by a ruling, which tells of itself."""
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("cause", sa.String(255), nullable=True))
        batch_op.add_column(sa.Column("ended_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("ended_by_id", BIG, nullable=True))
        batch_op.add_column(sa.Column("ended_why", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("renewal_asked_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("renewed_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("renewed_by_id", BIG, nullable=True))
    with op.batch_alter_table("member") as batch_op:
        batch_op.add_column(sa.Column("imported_as", JSON, nullable=True))


def downgrade() -> None:
    """Take them away again."""
    with op.batch_alter_table("member") as batch_op:
        batch_op.drop_column("imported_as")
    with op.batch_alter_table("registration") as batch_op:
        for name in (
            "renewed_by_id",
            "renewed_at",
            "renewal_asked_at",
            "ended_why",
            "ended_by_id",
            "ended_at",
            "cause",
        ):
            batch_op.drop_column(name)
