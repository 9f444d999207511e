"""gRPC: the listener that every caller uses, and the client that calls other members. Thin; decides nothing."""
