"""Jingzhou's vendor (荆州, Hubei): jobs in JSON, exchanges in XML in GB 18030, progress by callback."""
