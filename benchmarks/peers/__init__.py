"""What people use today, each as its own documentation says, in an environment of its own.

Every file with a `main` here runs in such an environment and is asked with an `AdminAction`.
"""
