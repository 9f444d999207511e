"""The gateway's durable memory: one contract (``gateway.ports.Store``), kept in SQLite or, for tests, in memory."""
