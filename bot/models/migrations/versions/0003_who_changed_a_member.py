"""What was changed of a member and by whom, and whether Slack made them an admin."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Create the table and the columns; until now every admin was one because Slack said so."""
    op.create_table(
        "member_change",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("by_id", BIG, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("workspace_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_member_change_member_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_member_change_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_change")),
    )
    with op.batch_alter_table("member_change") as batch_op:
        batch_op.create_index(batch_op.f("ix_member_change_member_id_id"), ["member_id", "id"], unique=False)
    with op.batch_alter_table("member") as batch_op:
        for name in ("is_slack_admin", "is_admin_by_slack"):
            batch_op.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE member SET is_slack_admin = TRUE, is_admin_by_slack = TRUE WHERE role = 'admin'")
    with op.batch_alter_table("member") as batch_op:
        for name in ("is_slack_admin", "is_admin_by_slack"):
            batch_op.alter_column(name, server_default=None)


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("member") as batch_op:
        batch_op.drop_column("is_admin_by_slack")
        batch_op.drop_column("is_slack_admin")
    op.drop_table("member_change")
