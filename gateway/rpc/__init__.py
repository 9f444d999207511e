"""gRPC: the listener that every caller uses, and the client that calls other members. Thin; decides nothing."""

import os

# The library's own notes would stand among the log's JSON lines and repeat what our errors say. Whoever looks for a
# fault in the library itself sets the variable.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
