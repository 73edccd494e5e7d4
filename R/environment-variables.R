# Environment variables that are set for a while.

# Sets one, or removes it where the value is NA. Returns the function that restores it.
set_variable <- function(name, value) {
  before <- Sys.getenv(name, NA)
  if (is.na(value)) Sys.unsetenv(name) else do.call(Sys.setenv, stats::setNames(list(value), name))
  function() set_variable(name, before)
}

with_variable <- function(name, value, work) {
  restore <- set_variable(name, value)
  on.exit(restore())
  force(work)
}
