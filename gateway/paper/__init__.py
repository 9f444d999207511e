"""What is printed on paper and handed over a counter: the 明白卡, and the summary of evidence.

    message ── card.py ──> words for people ── guide.html, guide.css ──> HTML ── sheet.py ──> PDF, A4

Rules:

1. Everything that comes from a catalogue is text: escaped, without control characters, never mark-up.
2. Nothing is fetched, from the network or from files, while a page is set.
3. A page with a character that no font here has is not given out: a wrong name on an official paper is worse than none.
4. WeasyPrint and what it needs of the system (Pango, fonts) are imported when something is printed, and not before.
"""
