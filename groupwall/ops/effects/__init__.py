"""What a change does, did or would do to traffic: previews and receipts."""
