"""The commands of `umapi`, for administrators: one module for each subject, loaded when a command of it is called."""
