from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction

from members.models.person import Person

KEPT_FOR = timedelta(days=2)


class Once(models.Model):
    """A form that this person has sent: the same key again gets the same answer and does nothing more."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    form = models.CharField(max_length=120)
    key = models.UUIDField()
    answer = models.CharField(max_length=500, default="")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "form", "key"], name="members_once_key")]

    @classmethod
    def begin(cls, person: Person, form: str, key: str, *, now: datetime) -> tuple["Once", bool]:
        """Claim the key inside the caller's transaction; the second value says whether this is the first time.

        A second request waits here until the first one has committed or failed.
        """
        cls.objects.filter(person=person, made_at__lt=now - KEPT_FOR).delete()
        try:
            with transaction.atomic():
                return cls.objects.create(person=person, form=form, key=key, made_at=now), True
        except IntegrityError:
            return cls.objects.get(person=person, form=form, key=key), False
