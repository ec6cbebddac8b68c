"""Personal data: handed over or deleted by /mydata, and thrown away when the operator's periods are over."""
