"""The command line: one command, ``tongban``, for those who run a gateway, those who trust one, and those who call one.

Rules:

1. A command reads its arguments, calls what does the work, and prints. What it checks or decides lives below.
2. Heavy modules are imported inside the commands, so that ``--help`` answers at once.
3. Answers go to standard output, everything else to standard error. ``--json`` answers are for programs and keep their
   field names.
4. Failures that can be foreseen are one line that says what to do, and an exit status (``gateway.cli.failures``).
5. Personal data is printed masked, or not at all.
"""
