from .code_hash import hash_code
from .runner import ReusingRunner
from .session import CasebookSession

__all__ = ["CasebookSession", "ReusingRunner", "hash_code"]
