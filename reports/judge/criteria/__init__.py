"""What scenarios can demand, a module a subject. Importing the package fills the registry."""

from reports.judge.criteria import exchange, holds, outcomes, reversals, slips

__all__ = ["exchange", "holds", "outcomes", "reversals", "slips"]
