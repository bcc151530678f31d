"""The refresh: a folder of accounts is valued anew and pushed to the loans, as a job and as a Prefect flow."""
