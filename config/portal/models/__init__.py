from config.portal.models.milestone import Milestone
from config.portal.models.saved_view import SavedView

__all__ = ["Milestone", "SavedView"]
