# What R adds to LD_LIBRARY_PATH, which other programs must not inherit: from R's folders another Python may take a
# libpython that is not its own, and then dies ("undefined symbol") or lacks modules, ssl among them. The dynamic linker
# reads the variable when a program starts, so R itself no longer needs it, and R's own launcher sets it for each new R.

# The user's own entries, NA if there are none.
own_library_path <- function(whole = Sys.getenv("LD_LIBRARY_PATH", NA), of_r = library_path_of_r()) {
  if (is.na(whole) || !nzchar(of_r)) {
    return(whole)
  }
  while (identical(whole, of_r) || startsWith(whole, paste0(of_r, ":"))) { # twice in an R that R has started
    whole <- substring(whole, nchar(of_r) + 2)
  }
  if (nzchar(whole)) whole else NA_character_
}

# The launcher's own file is read, because Java's folders and those of the system differ between machines.
library_path_of_r <- function() {
  script <- file.path(R.home("etc"), "ldpaths")
  if (.Platform$OS.type != "unix" || !file.exists(script)) {
    return("")
  }
  asked <- sprintf("R_HOME=%s; . %s; printf %%s \"$R_LD_LIBRARY_PATH\"", shQuote(R.home()), shQuote(script))
  output <- suppressWarnings(system2("sh", c("-c", shQuote(asked)), stdout = TRUE, stderr = FALSE))
  if (length(output)) output[[1]] else ""
}

set_library_path <- function(path) set_variable("LD_LIBRARY_PATH", path)

# Evaluates code with the user's own entries only.
with_own_libraries <- function(work) with_variable("LD_LIBRARY_PATH", own_library_path(), work)
