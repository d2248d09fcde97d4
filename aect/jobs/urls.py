from django.urls import path

from aect.jobs import views

urlpatterns = [
    path("", views.jobs, name="jobs"),
    path("liste/", views.job_rows, name="job-rows"),
    path("<uuid:pk>/relancer/", views.retry, name="job-retry"),
]
