"""E-mails: a row queued in the caller's transaction, sent by a job.

A message is the template `templates/mail/<template>.txt`, which extends `mail/base.txt` (blocks `subject` and `body`).
It is written when it is sent, never before: no body is ever kept, and its context is emptied once it has left.

What holds of it: a queued message is sent at least once, or shown as abandoned after `MAX_ATTEMPTS`. It goes out twice
only when the process dies between the mail server's consent and the commit; both then bear one Message-ID.
"""
