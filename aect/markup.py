"""What django-dsfr prints of a form is text, unless it comes as markup (a SafeString).

Its templates say `|safe` of every help text. In its own library of tags, which they load, that filter is replaced by
one that escapes. The settings' `TEMPLATES` read this module; `DSFR_CONTENT_IS_SAFE` there does the same for its
components.
"""

from django.utils.html import conditional_escape
from dsfr.templatetags.dsfr_tags import register

register.filter("safe", conditional_escape)
