"""Alembic's folder: the environment and one file for each revision of the schema. Shipped in the wheel."""
