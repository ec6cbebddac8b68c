"""/atelier: what operators decide, find and remove."""
