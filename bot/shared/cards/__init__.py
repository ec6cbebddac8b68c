"""Cards that several features show: a job in each state, a quote, a licence; and the buttons on them."""
