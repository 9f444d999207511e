"""The gateway that each member runs."""
