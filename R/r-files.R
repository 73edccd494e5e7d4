# Data frames in files of R's own: one that saveRDS() wrote, or several that save() did.

is_r_file <- function(path) {
  is.character(path) && length(path) == 1L && !is.na(path) && grepl("[.](rds|rda|rdata)$", path, ignore.case = TRUE) &&
    file.exists(path)
}

# The data frame of an R file, or those that `split` names, by name.
splits_of_r_file <- function(path, split, call = rlang::caller_env()) {
  found <- read_r_file(path, call)
  if (is.data.frame(found)) {
    found <- list(found)
    names(found) <- "train"
    if (is.null(split)) split <- "train"
  }
  picked_splits(found, split, call)
}

read_r_file <- function(path, call) {
  found <- tryCatch(
    if (grepl("[.]rds$", path, ignore.case = TRUE)) readRDS(path) else objects_of(path),
    error = function(cnd) {
      abort_tidydl(
        "damaged", sprintf("`path` '%s' cannot be read as a file of R: %s.", path, conditionMessage(cnd)),
        "A file that saveRDS() or save() wrote.",
        call = call
      )
    }
  )
  if (!is.data.frame(found) && !is_splits(found)) {
    abort_tidydl(
      "data", sprintf("`path` '%s' holds %s.", path, described(found)),
      "A data frame, or several by name.", "Save the data frame alone, with saveRDS().",
      call = call
    )
  }
  found
}

objects_of <- function(path) {
  held <- new.env(parent = emptyenv())
  names <- suppressWarnings(load(path, held))
  found <- mget(names, held)
  if (length(found) == 1L) found[[1L]] else found
}

picked_splits <- function(frames, split, call) {
  if (is.null(split)) {
    return(frames)
  }
  if (identical(split, "all")) {
    bound <- do.call(vctrs::vec_rbind, unname(frames))
    sizes <- vapply(frames, nrow, integer(1))
    bound$split <- factor(rep(names(frames), sizes), names(frames))
    return(tibble::as_tibble(bound))
  }
  for (name in setdiff(split, names(frames))) {
    unknown_name("split", name, c(names(frames), "all"), call = call)
  }
  if (length(split) == 1L) frames[[split]] else frames[split]
}
