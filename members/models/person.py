import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class PersonManager(BaseUserManager["Person"]):
    pass


class Person(AbstractBaseUser):
    username = models.CharField("用户名", max_length=64, unique=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("姓名", max_length=64)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)

    objects = PersonManager()

    USERNAME_FIELD = "username"

    def __str__(self) -> str:
        return self.name
