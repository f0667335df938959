from members.models.once import Once
from members.models.person import Person

__all__ = ["Once", "Person"]
