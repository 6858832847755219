"""PostgreSQL straight from the event loop, for the paths that every sign-in takes.

SQLAlchemy's engine spends some 200 µs of CPU on one statement in a transaction of its own, and the
thread it needs 100 more; libpq, driven by the loop, spends 20. Stores stay plain functions and
keep their statements: a request runs aside (`asides`) and gives way while its statement is under
way.

Each statement is a transaction of its own: whatever has to be whole together takes
`Database.writing` and a thread, as all other paths do.
"""
