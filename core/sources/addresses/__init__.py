"""Price files at an address (https, S3, SFTP): what an address is, who serves it, and the copy that is read."""
