"""Styles: the LoRAs that an operator put into the catalogue, to look at; `imagine` draws with them."""
