"""Credits: /quota, /gift, and the pace that /fast and /relax set."""
