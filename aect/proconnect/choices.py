"""Why nobody was signed in."""

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reason(TextChoices):
    """The value goes to the log, the label is the title of the page; `ADVICE` says what to do next."""

    CANCELLED = "cancelled", _("Connexion abandonnée")
    STRANGE = "strange", _("Cette connexion n’a pas commencé ici")
    EXPIRED = "expired", _("La connexion a pris trop de temps")
    UNTRUSTED = "untrusted", _("La réponse de ProConnect n’a pas pu être vérifiée")
    UNREACHABLE = "unreachable", _("ProConnect ne répond pas")
    NO_EMAIL = "no_email", _("ProConnect n’a pas transmis votre adresse électronique")
    EMAIL_TAKEN = "email_taken", _("Un compte a déjà votre adresse électronique")
    DISABLED = "disabled", _("Ce compte est désactivé")
    LINKED_ELSEWHERE = "linked_elsewhere", _("Cette identité ProConnect est reliée à un autre compte")


ADVICE: dict[str, Any] = {
    Reason.CANCELLED: _("Vous avez refusé ou interrompu la connexion. Rien n’a changé ; vous pouvez recommencer."),
    Reason.STRANGE: _(
        "Le lien a déjà servi, ou il vient d’un autre navigateur ou d’un autre onglet. Recommencez depuis la page de "
        "connexion de ce site, et n’y arrivez jamais par un lien reçu."
    ),
    Reason.EXPIRED: _(
        "Plus de dix minutes ont passé, ou le code a déjà servi. Recommencez depuis la page de connexion."
    ),
    Reason.UNTRUSTED: _(
        "Par sécurité, personne n’est connecté. Recommencez ; si le refus se répète, prévenez le service : l’équipe "
        "technique en trouvera la raison dans son journal."
    ),
    Reason.UNREACHABLE: _("Réessayez dans quelques minutes, ou connectez-vous par mot de passe si vous en avez un."),
    Reason.NO_EMAIL: _("Le service en a besoin pour vous écrire. Demandez à votre organisation de la transmettre."),
    Reason.EMAIL_TAKEN: _(
        "Par sécurité, ProConnect n’ouvre pas un compte qui existait avant lui. Connectez-vous une fois par mot de "
        "passe, puis reliez ProConnect depuis « Mon compte » : il l’ouvrira ensuite."
    ),
    Reason.DISABLED: _("L’administration du service l’a fermé. Écrivez-lui s’il doit être rouvert."),
    Reason.LINKED_ELSEWHERE: _(
        "Une identité n’ouvre qu’un compte. Connectez-vous à l’autre avec ProConnect, ou demandez à l’administration "
        "du service."
    ),
}

STATUS = {Reason.UNREACHABLE: 503, Reason.CANCELLED: 400, Reason.STRANGE: 400, Reason.EXPIRED: 400}  # else 403


class Refused(Exception):
    """Nobody is signed in; `detail` is for the log, never shown."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
