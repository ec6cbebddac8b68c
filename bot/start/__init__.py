"""What is looked at before anything starts: names of settings, the data folder, the ports. So does the doctor.

Knows: the settings, this machine's files and sockets. Does not know: Discord, the store's tables, what starts then.
"""
