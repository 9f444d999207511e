"""The sandbox: two cities on one machine, to see the whole at work and to break it on purpose. Not for production."""
