"""The admin API of the issuer host. Imported only where it is asked for: its server costs a quarter of a second."""
