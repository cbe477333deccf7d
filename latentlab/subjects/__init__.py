"""What a page looks at: a stored run, or data alone."""

from latentlab.subjects.base import Subject
from latentlab.subjects.data_only import DataOnly
from latentlab.subjects.stored_run import StoredRun, find, stored

__all__ = ["DataOnly", "StoredRun", "Subject", "find", "stored"]
