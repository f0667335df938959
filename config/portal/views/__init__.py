"""Pages that span all floors."""
