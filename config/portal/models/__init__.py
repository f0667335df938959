from config.portal.models.milestone import Milestone
from config.portal.models.register_file import RegisterFile
from config.portal.models.saved_view import SavedView

__all__ = ["Milestone", "RegisterFile", "SavedView"]
