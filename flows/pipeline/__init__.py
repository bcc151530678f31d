"""From the project lists of the city to the pipeline of the fund."""
