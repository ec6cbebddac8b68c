"""What stands in for engines, requests and jobs where a test is about something else."""
