from django.contrib import admin

from aect.jobs.models import Job


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    list_display = ["title", "key", "state", "attempts", "created_at", "finished_at"]
    list_filter = ["state", "task"]

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: Job | None = None) -> bool:
        return False
