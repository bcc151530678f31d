"""Flows that run on a schedule or on demand, as Prefect deployments; prefect.yaml says when."""
