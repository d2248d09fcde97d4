"""People who sign in. Accounts are known by their e-mail address; a name is optional."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from aect.accounts.sessions import SessionStore
from aect.accounts.throttling import account_of


class Role(models.TextChoices):
    """What somebody is here for; what each may do is decided in `permissions`."""

    OFFICER = "officer", _("Agent de la DAECT")
    AGENT = "agent", _("Agent de collectivité")
    ANALYST = "analyst", _("Analyste")
    ADMINISTRATOR = "administrator", _("Administrateur")


class AccountManager(UserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":  # type: ignore[override]
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":  # type: ignore[override]
        return self.create_user(
            email, password, **{"role": Role.ADMINISTRATOR, **fields, "is_staff": True, "is_superuser": True}
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        """By the very address under which tries are counted: for PostgreSQL `ı` and `i` are two cases of a letter."""
        return self.get(email=account_of(username or ""))


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    email = models.EmailField(
        _("adresse électronique"),
        max_length=254,
        unique=True,
        error_messages={"unique": _("Un compte existe déjà avec cette adresse électronique.")},
    )
    role = models.CharField(_("rôle"), max_length=20, choices=Role, default=Role.AGENT)
    language = models.CharField(
        _("langue des messages"),
        max_length=2,
        choices=settings.LANGUAGES,
        blank=True,
        help_text=_("Vide jusqu’à la première connexion : celle de la page est alors retenue."),
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        verbose_name = _("compte")
        verbose_name_plural = _("comptes")
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="user_email_is_lower_case",
                violation_error_message=_("L’adresse électronique s’écrit en minuscules."),
            )
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A disabled account loses its sessions at once, for good."""
        super().save(*args, **kwargs)
        if not self.is_active:
            self.sessions.all().delete()

    @property
    def oversees(self) -> bool:
        """Whether this person works for the ministry's delegation or administers the service."""
        return self.role in {Role.OFFICER, Role.ADMINISTRATOR}


class Session(AbstractBaseSession):
    """A browser's session, with its owner once somebody signed in."""

    user = models.ForeignKey(
        User, verbose_name=_("compte"), on_delete=models.CASCADE, null=True, blank=True, related_name="sessions"
    )
    agent = models.CharField(_("navigateur"), max_length=200, blank=True)
    signed_in_at = models.DateTimeField(_("ouverte le"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> Any:
        return SessionStore
