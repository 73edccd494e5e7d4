# Plain data from a file of R: vectors of common classes, lists and data frames of them. Anything else
# in such a file (functions, calls, environments, pointers, classes with unknown methods) is refused,
# or dropped if it is an attribute. Nothing here calls a method for a class of the file.

plain_types <- c("logical", "integer", "double", "complex", "character", "raw")

plain_classes <- c(
  "factor", "ordered", "Date", "IDate", "POSIXct", "POSIXlt", "POSIXt", "difftime", "hms", "integer64", "AsIs",
  "haven_labelled", "haven_labelled_spss", "labelled", "vctrs_vctr", "vctrs_list_of", "list", "double", "integer",
  "character", "logical", "numeric", "tidydl_image", "tidydl_audio", "tidydl_media"
)

# Data frames, alone or in a list, as tibbles of plain data; anything else as it is, to be refused.
plain_frames <- function(contents, path, call) {
  if (is_plain_frame(contents)) {
    return(plain_frame(contents, path, call))
  }
  parts <- if (typeof(contents) == "list" && !isS4(contents)) unclass(contents)
  if (length(parts) && all(vapply(parts, is_plain_frame, NA))) {
    return(lapply(parts, plain_frame, path, call))
  }
  contents
}

is_plain_frame <- function(x) typeof(x) == "list" && !isS4(x) && "data.frame" %in% attr(x, "class", exact = TRUE)

plain_frame <- function(x, path, call, within = NULL, depth = 0L) {
  names <- attr(x, "names", exact = TRUE)
  columns <- unclass(x)
  attributes(columns) <- NULL
  names <- if (typeof(names) == "character") as.vector(names) else as.character(seq_along(columns))
  within <- paste0(if (!is.null(within)) paste0(within, "$"), names)
  columns <- Map(function(column, name) plain_values(column, name, path, call, depth), columns, within)
  sizes <- vapply(columns, vctrs::vec_size, integer(1))
  if (length(unique(sizes)) > 1L) {
    refuse_no_data(path, within[[match(FALSE, sizes == sizes[[1]])]], "has another length than the others", call)
  }
  rows <- if (length(sizes)) sizes[[1]] else length(attr(x, "row.names", exact = TRUE))
  tibble::new_tibble(stats::setNames(columns, names), nrow = rows)
}

plain_values <- function(x, name, path, call, depth = 0L) {
  if (is.null(x)) {
    return(NULL)
  }
  if (depth > most_nested) {
    refuse_no_data(path, name, sprintf("is nested more than %d lists deep", most_nested), call)
  }
  if (is_plain_frame(x)) {
    return(plain_frame(x, path, call, name, depth + 1L))
  }
  classes <- attr(x, "class", exact = TRUE)
  if (isS4(x) || !typeof(x) %in% c(plain_types, "list")) {
    refuse_no_data(path, name, sprintf("holds %s", described_type(x)), call)
  }
  if (!all(classes %in% plain_classes)) {
    other <- setdiff(classes, plain_classes)[[1]]
    refuse_no_data(path, name, sprintf("is of class '%s', which is not plain data", other), call)
  }
  wrong <- what_is_invalid(x)
  if (!is.null(wrong)) {
    refuse_no_data(path, name, wrong, call)
  }
  kept <- Filter(is_plain_attribute, attributes(x))
  x <- unclass(x)
  attributes(x) <- NULL
  if (typeof(x) == "list") {
    x <- lapply(x, plain_values, name, path, call, depth + 1L)
  }
  attributes(x) <- kept
  if (is_media(x)) {
    refuse_media_outside(x, name, path, call)
  }
  x
}

is_plain_attribute <- function(x, depth = 0L) {
  if (isS4(x) || depth > most_nested) {
    return(FALSE)
  }
  if (typeof(x) == "list") {
    return(is.null(attr(x, "class", exact = TRUE)) && all(vapply(x, is_plain_attribute, NA, depth + 1L)))
  }
  typeof(x) %in% c(plain_types, "NULL") && all(names(attributes(x)) %in% c("names", "dim"))
}

described_type <- function(x) {
  type <- if (isS4(x)) "S4" else typeof(x)
  descriptions <- c(
    closure = "a function", builtin = "a function", special = "a function", environment = "an environment",
    language = "a call", symbol = "a name", promise = "a promise", externalptr = "a pointer", S4 = "an S4 object"
  )
  if (type %in% names(descriptions)) descriptions[[type]] else sprintf("something of type '%s'", type)
}

refuse_no_data <- function(path, name, what, call) {
  abort_tidydl(
    "data", sprintf("`path` '%s': column '%s' %s.", path, name, what),
    "Vectors, factors, dates and times, images, audio, and lists and data frames of these.",
    "If you trust the file, add trusted = TRUE.",
    call = call
  )
}

# As python/tidydl/data/sources/media_paths.py refuses them.
refuse_media_outside <- function(x, name, path, call) {
  folder <- normalizePath(dirname(path), "/")
  for (one in unclass(x)) {
    if (is.null(one[["bytes"]]) && !is.null(one[["path"]])) {
      there <- normalizePath(path.expand(one[["path"]]), "/", mustWork = FALSE)
      if (!startsWith(there, paste0(sub("/$", "", folder), "/")) || ".." %in% strsplit(there, "/")[[1]]) {
        abort_tidydl(
          "data",
          sprintf("Column '%s' of '%s' names the file '%s', which is outside the folder '%s'.", name, path,
                  one[["path"]], folder),
          "Contents, or paths of files in the folder of the data set, or below.",
          "If you trust the data, add trusted = TRUE; otherwise leave the column out with `columns`.",
          call = call
        )
      }
    }
  }
}
