"""The only package that speaks SQL: PostgreSQL holds everything that must survive, and is the only truth."""
