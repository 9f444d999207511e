"""The sentence that the program is, and the decisions it carries. No IO but through ``gateway.ports``."""
