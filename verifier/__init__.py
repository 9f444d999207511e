"""``tongban-verify``: checks an evidence bundle, for those who have neither a gateway nor reason to believe one.

The program is one file that ``make verifier`` builds from named modules of ``trust`` and from ``verifier.command``. It
needs Python and ``cryptography``, reads the files that it is given and asks nobody.
"""
