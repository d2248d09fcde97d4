"""What django-dsfr prints of a form is text, unless it comes as markup (a SafeString).

Its templates print every help text through the filter `safe`. In its own library of tags, for those who load it, that
filter is replaced by one that escapes. The settings' `TEMPLATES` read this module; `DSFR_CONTENT_IS_SAFE` there does
the same for its components.
"""

from django import template
from django.utils.html import conditional_escape
from dsfr.templatetags.dsfr_tags import register as dsfr

register = template.Library()  # of our own there is none
dsfr.filter("safe", conditional_escape)
