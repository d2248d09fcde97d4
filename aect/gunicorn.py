"""How the web serves, with and without a proxy before it: read by gunicorn, and by nothing of ours.

A request holds a thread from its first byte to its last, so that few slow visitors hold few threads. Only a proxy that
reads whole requests first (see docker-compose.yml) keeps many of them from holding all.
"""

import os

wsgi_app = "aect.wsgi"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 30
graceful_timeout = 10
keepalive = 0  # a body that was refused unread ends its connection, instead of being read as the next request
control_socket_disable = True
