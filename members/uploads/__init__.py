"""The one door for files (S12): what comes in is checked, renamed and kept outside of the web root."""

from members.uploads.door import BadFile, Clean, ScanState, Use, check, scan
from members.uploads.store import delete, open_file, save, stored_before

__all__ = ["BadFile", "Clean", "ScanState", "Use", "check", "delete", "open_file", "save", "scan", "stored_before"]
