# Data frames in files of R's own: one that saveRDS() wrote, or several that save() did.

is_r_file <- function(path) {
  is.character(path) && length(path) == 1L && !is.na(path) && grepl("[.](rds|rda|rdata)$", path, ignore.case = TRUE) &&
    file.exists(path)
}

# A misspelt argument is reported before the file is read.
check_older <- function(name, older, call = rlang::caller_env()) {
  if (length(older)) call_python("check_older", list(called = name, older = older), call = call)
}

# The data frames of an R file that `split` selects; by default all. A single one is the split "train".
splits_of_r_file <- function(path, split, trusted = FALSE, call = rlang::caller_env()) {
  frames <- read_r_file(path, check_flag("trusted", trusted, call = call), call)
  asked_splits(if (is.data.frame(frames) && !is.null(split)) list(train = frames) else frames, split, call)
}

# The data frames by name that `split` selects, sliced and joined; by default all.
asked_splits <- function(frames, split, call = rlang::caller_env()) {
  if (anyDuplicated(names(frames)) && !is.data.frame(frames)) {
    named <- paste(names(frames), collapse = ", ")
    abort_tidydl(
      "argument", sprintf("`path` has two splits with the same name as text: %s.", named),
      "Split names that differ as text.", "Rename one of them.",
      call = call
    )
  }
  if (is.null(split)) {
    return(frames)
  }
  columns <- as.list(unique(unlist(lapply(frames, names))))
  asked <- list(rows = lapply(frames, nrow), columns = columns, split = as_list(split))
  picked <- lapply(call_python("split_cuts", asked, call = call), rows_of_cuts, frames, call)
  if (length(split) == 1L) picked[[1L]] else picked
}

# Before R 4.4.0 a promise in a file runs its code when it is inspected (CVE-2024-27322).
refuse_r_file <- function(path, call) {
  if (getRversion() < "4.4.0") {
    abort_tidydl(
      "argument",
      sprintf("`path` '%s' is an R data file, which can run code in R %s.", path, getRversion()),
      "R 4.4.0 or newer, or a file that you trust.",
      "If you trust the file, add trusted = TRUE; otherwise ask for it as csv or parquet.",
      call = call
    )
  }
}

read_r_file <- function(path, trusted, call) {
  if (!trusted) {
    refuse_r_file(path, call)
  }
  contents <- tryCatch(
    if (grepl("[.]rds$", path, ignore.case = TRUE)) readRDS(path) else objects_of(path),
    error = function(cnd) {
      abort_tidydl(
        "damaged", sprintf("`path` '%s' cannot be read as an R data file: %s.", path, conditionMessage(cnd)),
        "A file that saveRDS() or save() wrote.",
        call = call
      )
    }
  )
  if (!trusted) {
    contents <- plain_frames(contents, path, call)
  }
  if (!is.data.frame(contents) && !is_splits(contents)) {
    abort_tidydl(
      "data", sprintf("`path` '%s' holds %s.", path, described(contents)),
      "A data frame, or several by name.", "Save the data frame alone, with saveRDS().",
      call = call
    )
  }
  contents
}

objects_of <- function(path) {
  env <- new.env(parent = emptyenv())
  names <- suppressWarnings(load(path, env))
  objects <- mget(names, env)
  if (length(objects) == 1L) objects[[1L]] else objects
}

# The rows of slices, bound together; if all splits are requested, a column names the split.
rows_of_cuts <- function(asked, frames, call) {
  cuts <- asked$cuts
  parts <- lapply(seq_len(nrow(cuts)), function(i) {
    rows <- seq.int(cuts$start[[i]] + 1, length.out = cuts$stop[[i]] - cuts$start[[i]])
    vctrs::vec_slice(frames[[cuts$split[[i]]]], rows)
  })
  bound <- if (length(parts) == 1L) parts[[1L]] else bound_by_row(parts, call)
  if (asked$marked) {
    bound$split <- factor(rep(cuts$split, cuts$stop - cuts$start), names(frames))
  }
  bound
}

bound_by_row <- function(parts, call) {
  tryCatch(
    tibble::as_tibble(vctrs::vec_rbind(!!!parts)),
    vctrs_error_incompatible_type = function(cnd) {
      abort_tidydl(
        "data", sprintf("The splits have different schemas: %s", conditionMessage(cnd)),
        "Columns of one name with the same type in all of them.", "Load them separately.",
        call = call
      )
    }
  )
}
