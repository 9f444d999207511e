"""What makes a word binding: keys, signed calls, the member directory, licences, the audit log. Pure, no IO."""
