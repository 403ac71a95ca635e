"""All tables of a workspace, at a glance. SQLAlchemy Core; times are epoch seconds, JSON columns hold plain data.

A change here needs a migration in ``migrations/versions``; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Catalogue: what came in.

sources = Table(
    "sources",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),  # products | reviews | events
    Column("name", Text, nullable=False),
    Column("origin", String, nullable=False),  # upload | paste | open-data | sample
    Column("content_hash", String, nullable=False),
    Column("mapping", JSON, nullable=False),
    Column("imported_at", Float, nullable=False),
    Column("rows_read", Integer, nullable=False, default=0),
    Column("rows_ok", Integer, nullable=False, default=0),
    Column("rows_quarantined", Integer, nullable=False, default=0),
)

products = Table(
    "products",
    metadata,
    Column("id", String, primary_key=True),
    Column("source_id", String, ForeignKey("sources.id"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("brand", Text),
    Column("category", Text, index=True),
    Column("price", Float),
    Column("currency", String),
    Column("attributes", JSON, nullable=False),
    Column("row_hash", String, nullable=False),
    Column("updated_at", Float, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", String, primary_key=True),
    Column("source_id", String, ForeignKey("sources.id"), nullable=False, index=True),
    Column("product_id", String, nullable=False, index=True),
    Column("shopper_id", String),
    Column("text", Text, nullable=False),
    Column("rating", Float),
    Column("time", Float),
    Column("row_hash", String, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source_id", String, ForeignKey("sources.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("shopper_id", String, nullable=False),
    Column("product_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("value", Float, nullable=False, default=1.0),
    Column("time", Float, nullable=False),
    UniqueConstraint("source_id", "line"),
    Index("ix_events_shopper_id_time", "shopper_id", "time"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source_id", String, ForeignKey("sources.id"), nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("column", Text, nullable=False, default=""),
    Column("reason", String, nullable=False),  # machine-readable code; its text is in assets/i18n
    Column("detail", Text, nullable=False, default=""),
    Column("raw", JSON, nullable=False),
    Column("status", String, nullable=False, default="open"),  # open | mended | dropped
)

mappings = Table(
    "mappings",
    metadata,
    Column("signature", String, primary_key=True),  # hash of the column names of a source
    Column("kind", String, nullable=False),
    Column("mapping", JSON, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", String, primary_key=True),
    Column("hash", String, primary_key=True),
    Column("product_id", String, nullable=False, index=True),
    Column("field", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String, nullable=False, default=""),
    Column("source_id", String, nullable=False, default=""),
    Column("current", Boolean, nullable=False, default=True, index=True),
)

# Graph: the log and the assertions it speaks of.

assertions = Table(
    "assertions",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("relation", String, nullable=False),
    Column("object", Text, nullable=False),
    Column("document_id", String, nullable=False, index=True),
    Column("document_hash", String, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("extractor", String, nullable=False),
    Column("extractor_version", String, nullable=False),
    Column("schema_version", String, nullable=False),
    Column("confidence", Float, nullable=False),
)

log = Table(
    "log",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("target", String, nullable=False, index=True),
    Column("data", JSON, nullable=False),
    Column("actor", String, nullable=False, default=""),
    Column("time", Float, nullable=False),
    Column("job_id", String, nullable=False, default=""),
)

match_candidates = Table(
    "match_candidates",
    metadata,
    Column("one", String, primary_key=True),  # node ids, the first in the alphabet first
    Column("other", String, primary_key=True),
    Column("kind", String, nullable=False, index=True),  # type of both nodes
    Column("probability", Float, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("matcher", String, nullable=False),
    Column("status", String, nullable=False, index=True),  # open | merged | apart
    Column("actor", String, nullable=False, default=""),
    Column("time", Float, nullable=False),
    Column("seqs", JSON, nullable=False),  # positions of the log that merged them
)

read_marks = Table(
    "read_marks",
    metadata,
    Column("document_id", String, primary_key=True),
    Column("document_hash", String, primary_key=True),
    Column("extractor", String, primary_key=True),  # extractor id and version, schema version
    Column("time", Float, nullable=False),
)

llm_cache = Table(
    "llm_cache",
    metadata,
    Column("key", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("reply", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
)

# Recommender: runs and what people thought of what they were shown.

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("status", String, nullable=False),  # running | done | failed | cancelled
    Column("config", JSON, nullable=False),
    Column("data_hash", String, nullable=False, default=""),
    Column("graph_hash", String, nullable=False, default=""),
    Column("seed", Integer, nullable=False, default=0),
    Column("metrics", JSON, nullable=False),
    Column("job_id", String, nullable=False, default=""),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("serving", Boolean, nullable=False, default=False),
    Column("note", Text, nullable=False, default=""),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String, nullable=False),
    Column("shopper_id", String, nullable=False),
    Column("product_id", String, nullable=False),
    Column("verdict", Integer, nullable=False),  # +1 | -1
    Column("time", Float, nullable=False),
    UniqueConstraint("run_id", "shopper_id", "product_id"),
)

# Jobs: long work and its events.

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("stage", String, nullable=False),
    Column("params", JSON, nullable=False),
    Column("status", String, nullable=False),  # queued | running | paused | done | failed | cancelled
    Column("wish", String, nullable=False, default=""),  # what was asked of it: "" | pause | cancel
    Column("attempt", Integer, nullable=False, default=0),
    Column("slot", String, nullable=False, default=""),  # device it needs alone, e.g. cuda:0
    Column("launcher", String, nullable=False, default="local"),
    Column("owner", String, nullable=False, default=""),  # token of the attempt that holds the lease
    Column("host", String, nullable=False, default=""),
    Column("pid", Integer),
    Column("lease_until", Float),
    Column("done", Float, nullable=False, default=0.0),
    Column("total", Float, nullable=False, default=0.0),
    Column("message", Text, nullable=False, default=""),
    Column("checkpoint", JSON),
    Column("result", JSON),
    Column("error", JSON),
    Column("created_at", Float, nullable=False, index=True),
    Column("started_at", Float),
    Column("finished_at", Float),
)

job_events = Table(
    "job_events",
    metadata,
    Column("job_id", String, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("time", Float, nullable=False),
    Column("kind", String, nullable=False),
    Column("data", JSON, nullable=False),
)
