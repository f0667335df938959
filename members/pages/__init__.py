"""What every page of the house shares: who may open it, a list, one row, one act (S1).

A view of ours carries `action`, the right it asks for, or `public = True`; a test walks every address for it. A page
that the person may not open is 403, a row that the person may not see is 404, as if it were not there.
"""

from members.pages.acts import ActionPage, ConfirmPage, FormPage
from members.pages.autosave import AutosavePage
from members.pages.bulk import BulkPage
from members.pages.lists import Column, ListPage, TablePage
from members.pages.page import SIGNED_IN, DetailPage, Page, RowMixin, Signed
from members.pages.seen import SeenMixin

__all__ = [
    "SIGNED_IN",
    "ActionPage",
    "AutosavePage",
    "BulkPage",
    "Column",
    "ConfirmPage",
    "DetailPage",
    "FormPage",
    "ListPage",
    "Page",
    "RowMixin",
    "SeenMixin",
    "Signed",
    "TablePage",
]
