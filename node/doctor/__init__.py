"""The doctor: can marking go on in this lab, and if not, what is to be done."""
