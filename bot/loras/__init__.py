"""`atelier loras`: LoRAs from elsewhere are put into the catalogue as styles, listed, and removed."""
