"""Who decided whose a customer is, what paces messages, and what digests were made."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
SHORT = sa.String(length=255)


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "channel_pace",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("channel", SHORT, nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.Column("workspace_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_channel_pace_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_pace")),
        sa.UniqueConstraint("workspace_id", "channel", name=op.f("uq_channel_pace_workspace_id_channel")),
    )
    op.create_table(
        "customer_merge",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("kept_id", BIG, nullable=False),
        sa.Column("merged_id", BIG, nullable=False),
        sa.Column("by_id", BIG, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("undone_at", INSTANT, nullable=True),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("workspace_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["kept_id"], ["customer.id"], name=op.f("fk_customer_merge_kept_id")),
        sa.ForeignKeyConstraint(["merged_id"], ["customer.id"], name=op.f("fk_customer_merge_merged_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_customer_merge_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_merge")),
    )
    with op.batch_alter_table("customer_merge") as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_merge_workspace_id_at"), ["workspace_id", "at"], unique=False)

    op.create_table(
        "digest_record",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("team_id", BIG, nullable=False),
        sa.Column("kind", SHORT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("open_count", sa.Integer(), nullable=False),
        sa.Column("sound_count", sa.Integer(), nullable=False),
        sa.Column("workspace_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_digest_record_team_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_digest_record_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_record")),
        sa.UniqueConstraint("team_id", "kind", "day", name=op.f("uq_digest_record_team_id_kind_day")),
    )
    op.create_table(
        "registration",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("team_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("asked_by_id", BIG, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", SHORT, nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("decided_by_id", BIG, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("protected_until", INSTANT, nullable=True),
        sa.Column("workspace_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["member.id"], name=op.f("fk_registration_asked_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_registration_customer_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_registration_team_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_registration_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
    )
    with op.batch_alter_table("registration") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_registration_workspace_id_team_id_state"), ["workspace_id", "team_id", "state"], unique=False
        )
        batch_op.create_index(
            "uq_registration_pending",
            ["customer_id", "asked_by_id"],
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "choice",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("opportunity_id", BIG, nullable=False),
        sa.Column("member_id", BIG, nullable=True),
        sa.Column("reason", JSON, nullable=False),
        sa.Column("state", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("workspace_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunity.id"], name=op.f("fk_choice_opportunity_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_choice_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice")),
    )
    with op.batch_alter_table("choice") as batch_op:
        batch_op.create_index(batch_op.f("ix_choice_opportunity_id"), ["opportunity_id"], unique=False)

    op.create_table(
        "ruling",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("opportunity_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("asked_by_id", BIG, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("plea", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("state", SHORT, nullable=False),
        sa.Column("verdict", SHORT, nullable=True),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("ruled_by_id", BIG, nullable=True),
        sa.Column("ruled_at", INSTANT, nullable=True),
        sa.Column("workspace_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["member.id"], name=op.f("fk_ruling_asked_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_ruling_customer_id")),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunity.id"], name=op.f("fk_ruling_opportunity_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_ruling_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruling")),
    )
    with op.batch_alter_table("ruling") as batch_op:
        batch_op.create_index(batch_op.f("ix_ruling_opportunity_id"), ["opportunity_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_ruling_workspace_id_customer_id"), ["workspace_id", "customer_id"], unique=False
        )
        batch_op.create_index(
            "uq_ruling_open",
            ["opportunity_id", "asked_by_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    with op.batch_alter_table("assignment") as batch_op:
        batch_op.drop_column("seen")

    with op.batch_alter_table("customer") as batch_op:
        batch_op.add_column(sa.Column("protected_by_id", BIG, nullable=True))
        batch_op.add_column(sa.Column("protected_until", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", BIG, nullable=True))

    with op.batch_alter_table("member") as batch_op:
        batch_op.add_column(sa.Column("territories", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("languages", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("looked_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("focus_next_at", INSTANT, nullable=True))
        batch_op.create_index(batch_op.f("ix_member_focus_next_at"), ["focus_next_at"], unique=False)

    with op.batch_alter_table("outbox") as batch_op:
        batch_op.create_index(
            "ix_outbox_dead",
            ["workspace_id", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )

    with op.batch_alter_table("team") as batch_op:
        batch_op.add_column(sa.Column("weekly_next_at", INSTANT, nullable=True))
        batch_op.create_index(batch_op.f("ix_team_weekly_next_at"), ["weekly_next_at"], unique=False)


def downgrade() -> None:
    """Take them away again; what the rules saw at an assignment is not brought back."""
    with op.batch_alter_table("team") as batch_op:
        batch_op.drop_index(batch_op.f("ix_team_weekly_next_at"))
        batch_op.drop_column("weekly_next_at")

    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_index(
            "ix_outbox_dead", sqlite_where=sa.text("state = 'dead'"), postgresql_where=sa.text("state = 'dead'")
        )

    with op.batch_alter_table("member") as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_focus_next_at"))
        batch_op.drop_column("focus_next_at")
        batch_op.drop_column("looked_at")
        batch_op.drop_column("languages")
        batch_op.drop_column("territories")

    with op.batch_alter_table("customer") as batch_op:
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("protected_until")
        batch_op.drop_column("protected_by_id")

    with op.batch_alter_table("assignment") as batch_op:
        batch_op.add_column(sa.Column("seen", JSON, nullable=True))

    with op.batch_alter_table("ruling") as batch_op:
        batch_op.drop_index(
            "uq_ruling_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )
        batch_op.drop_index(batch_op.f("ix_ruling_workspace_id_customer_id"))
        batch_op.drop_index(batch_op.f("ix_ruling_opportunity_id"))

    op.drop_table("ruling")
    with op.batch_alter_table("choice") as batch_op:
        batch_op.drop_index(batch_op.f("ix_choice_opportunity_id"))

    op.drop_table("choice")
    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_index(
            "uq_registration_pending",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.drop_index(batch_op.f("ix_registration_workspace_id_team_id_state"))

    op.drop_table("registration")
    op.drop_table("digest_record")
    with op.batch_alter_table("customer_merge") as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_merge_workspace_id_at"))

    op.drop_table("customer_merge")
    op.drop_table("channel_pace")
