"""Long work as rows, detached processes and events; knows no stage."""

from core.jobs.context import Context, Stage
from core.jobs.lease import LeaseLost
from core.jobs.store import Jobs
from core.jobs.views import JobEvent, JobView, Status
from core.jobs.worker import run_inline

__all__ = ["Context", "JobEvent", "JobView", "Jobs", "LeaseLost", "Stage", "Status", "run_inline"]
