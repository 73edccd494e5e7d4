# R values to the records of python/tidydl/bridge and back: typed columns as bytes. All text crosses as NUL-ended
# UTF-8; only the names of a record's own fields and kinds, plain ASCII, cross as strings.

encode <- function(x, name = "The value", cell = FALSE, depth = 0L) {
  if (is.null(x)) {
    return(list(kind = "null"))
  }
  if (is.data.frame(x)) {
    return(encode_frame(x, name, depth))
  }
  if (is_media(x)) {
    return(encode_media(x, name))
  }
  if (is_raster(x)) {
    x <- raster_array(x)
  }
  if (inherits(x, "python.builtin.object")) {
    return(encode_object(x, name))
  }
  if (is.list(x) && !inherits(x, "POSIXlt")) {
    return(encode_list(x, name, depth = depth))
  }
  record <- encode_vector(x, name)
  if (!is.null(dim(x))) {
    record$dim <- as.list(dim(x))
    return(record)
  }
  if (!is.null(names(x))) {
    record$names <- encode_text(names(x))
  } else if (!cell && length(x) == 1 && !is.object(x) && !is.raw(x)) {
    record$scalar <- TRUE
  }
  record
}

# An object of Python's own crosses as it is, while its Python lives.
encode_object <- function(x, name) {
  if (reticulate::py_is_null_xptr(x)) {
    abort_tidydl(
      "bridge", sprintf("%s is an object of a Python that has ended.", name), "An object of this session.",
      "Create it again: it is not plain data, which saveRDS() could store."
    )
  }
  list(kind = "object", object = x)
}

encode_frame <- function(x, name, depth = 0L) {
  refuse_nested(name, depth)
  if (length(x) && is.null(names(x))) {
    abort_tidydl(
      "bridge", sprintf("%s is a data frame whose columns have no names.", name), "A name for each column.",
      "Name them by `names<-` or stats::setNames()."
    )
  }
  n <- nrow(x)
  columns <- lapply(seq_along(x), function(i) {
    column <- plain_column(.subset2(x, i))
    if (length(dim(column)) > 1) {
      abort_tidydl(
        "bridge", sprintf("Column `%s` is a %s with several columns.", names(x)[[i]], class(column)[[1]]),
        "Each column is one vector or list.", "Make each of its columns a column of the data frame."
      )
    }
    if (is.raw(column)) {
      abort_tidydl(
        "bridge", sprintf("Column `%s` is raw, one byte per row.", names(x)[[i]]),
        "A list column of raw vectors, or numbers.", sprintf("Write as.integer(%s).", names(x)[[i]])
      )
    }
    column_name <- sprintf("Column `%s`", names(x)[[i]])
    if (length(column) != n) { # as in a file that somebody has changed
      abort_tidydl(
        "bridge", sprintf("%s has %.0f values, and the data frame %.0f rows.", column_name, length(column), n),
        "A data frame whose columns have its number of rows.", "Create it again."
      )
    }
    if (is.list(column) && !is_media(column) && !inherits(column, "POSIXlt")) {
      encode_list(column, column_name, cell = TRUE, depth)
    } else {
      encode_vector(column, column_name)
    }
  })
  record <- list(kind = "frame", n = n, names = encode_text(names(x)), columns = columns)
  provenance <- attr(x, "tidydl", exact = TRUE)
  if (!is.null(provenance)) {
    record$provenance <- encode(provenance)
  }
  notes <- attr(x, "tidydl_notes", exact = TRUE)
  if (!is.null(notes)) {
    record$notes <- encode(notes)
  }
  record
}

# What scale() and table() make of one column is a vector.
plain_column <- function(column) {
  if (is.atomic(column) && !is.object(column) && length(dim(column)) <= 2 && identical(dim(column)[-1], 1L)) {
    return(as.vector(column))
  }
  column
}

encode_vector <- function(x, name) {
  refuse_invalid(x, name)
  if (is_media(x)) {
    return(encode_media(x, name))
  }
  if (inherits(x, "POSIXlt")) {
    x <- as.POSIXct(x)
  }
  n <- length(x)
  if (is.factor(x)) {
    levels <- encode_text(levels(x))
    return(list(kind = "label", n = n, data = bytes_of(x), levels = levels, ordered = is.ordered(x)))
  }
  if (inherits(x, "POSIXct")) {
    return(list(kind = "datetime", n = n, data = bytes_of(as.double(x)), zone = zone_of(x)))
  }
  if (inherits(x, "Date")) {
    return(list(kind = "date", n = n, data = bytes_of(as.double(x))))
  }
  if (inherits(x, "difftime")) {
    return(list(kind = "timedelta", n = n, data = bytes_of(as.double(x, units = "secs"))))
  }
  if (inherits(x, "integer64")) {
    return(list(kind = "integer64", n = n, data = bytes_of(x)))
  }
  encode_bare(x, n, name)
}

encode_bare <- function(x, n, name) {
  switch(typeof(x),
    double = encode_double(x, n),
    integer = list(kind = "integer", n = n, data = bytes_of(x)),
    logical = list(kind = "logical", n = n, data = bytes_of(x)),
    character = encode_text(x, name),
    complex = list(kind = "complex", n = n, data = bytes_of(x)),
    raw = list(kind = "raw", data = bytes_of(x)),
    abort_tidydl(
      "bridge", sprintf("%s is %s, which has no counterpart in Python.", name, foreign_told(x)),
      "Data frames, vectors, factors, dates, matrices and lists of those.",
      if (is.function(x) && !is.object(x) && startsWith(name, "`")) {
        "Was the name of a column meant? Write it in quotes."
      }
    )
  )
}

foreign_told <- function(x) {
  if (is.function(x)) {
    return("a function")
  }
  if (is.language(x)) "an expression" else with_article(typeof(x))
}

encode_double <- function(x, n) {
  record <- list(kind = "double", n = n, data = bytes_of(x))
  # NA is found by its bits; R's other NaN are named, because Python makes NaN where R would make NA
  if (anyNA(x) && any(nan <- is.nan(x))) {
    record$nan <- bytes_of(which(nan))
  }
  record
}

bytes_of <- function(x) {
  attributes(x) <- NULL
  if (is.raw(x)) x else writeBin(x, raw(), endian = "little")
}

zone_of <- function(x) {
  zone <- attr(x, "tzone", exact = TRUE)[1]
  if (is.null(zone) || is.na(zone) || !nzchar(zone)) zone_here() else zone
}

# Called once, because R calls the system, which may warn.
zone_here <- function() {
  zone <- Sys.getenv("TZ")
  if (!nzchar(zone)) {
    if (is.null(the$zone)) {
      the$zone <- suppressWarnings(Sys.timezone())
    }
    zone <- the$zone
  }
  if (is.na(zone)) "UTC" else zone
}

encode_text <- function(x, name = "The text") {
  attributes(x) <- NULL
  missing <- which(is.na(x))
  x[missing] <- ""
  x <- as_valid_text(x, name)
  record <- list(kind = "string", n = length(x), data = writeBin(x, raw(), useBytes = TRUE))
  if (length(missing)) {
    record$missing <- bytes_of(missing)
  }
  record
}

# UTF-8: text in latin1 and in the encoding of the locale is translated; bytes that are not text are
# shown as <ff>.
as_valid_text <- function(x, name) {
  encoding <- Encoding(x)
  own <- has_own_encoding() # if not, text of no marked encoding is UTF-8, as in files, also in the locale C
  if (!own && !any(encoding %in% c("bytes", "latin1")) && all(validUTF8(x))) {
    return(x)
  }
  unknown <- encoding == "bytes" | (encoding == "unknown" & !own)
  x[!unknown] <- enc2utf8(x[!unknown])
  broken <- !validUTF8(x)
  if (any(broken)) {
    x[broken] <- iconv(x[broken], "UTF-8", "UTF-8", sub = "byte")
    warn_tidydl(sprintf("%s has bytes that are not valid UTF-8: each is written by its number, such as <ff>.", name))
  }
  x
}

# Whether text of no marked encoding has letters beyond ASCII in one that is not UTF-8.
has_own_encoding <- function() !l10n_info()[["UTF-8"]] && !is_plain_locale(Sys.getlocale("LC_CTYPE"))

is_plain_locale <- function(name) name %in% c("C", "POSIX")

encode_list <- function(x, name, cell = FALSE, depth = 0L) {
  refuse_nested(name, depth)
  record <- list(kind = "list")
  labels <- names(x)
  if (!cell && !is.null(labels)) {
    if (anyNA(labels) || any(!nzchar(labels)) || anyDuplicated(labels)) {
      abort_tidydl(
        "bridge", sprintf("%s is a list with some names missing or duplicated.", name),
        "A list with a different name for each element, or with none."
      )
    }
    record$names <- encode_text(labels)
  }
  x <- unclass(x)
  kind <- common_type(x, cell)
  if (is.null(kind)) {
    label <- if (is.null(record$names)) sprintf("%s, item %d,", name, seq_along(x)) else sprintf("`%s`", labels)
    record$items <- vector("list", length(x)) # filled by a loop, which takes less of R's memory for calls than Map()
    for (i in seq_along(x)) record$items[[i]] <- encode(x[[i]], label[[i]], cell, depth + 1L)
    return(record)
  }
  lengths <- lengths(x, use.names = FALSE)
  lengths[vapply(x, is.null, logical(1))] <- -1L
  values <- unlist(x, use.names = FALSE)
  attributes(values) <- attributes(Find(Negate(is.null), x))
  record$runs <- encode_vector(values, name)
  record$lengths <- bytes_of(lengths)
  record
}

# The common type of all elements if they can be concatenated: in a list column vectors, in a plain list bare
# single values.
common_type <- function(x, cell) {
  present <- x[!vapply(x, is.null, logical(1))]
  if (length(present) < 9 || (!cell && (length(present) < length(x) || any(lengths(x) != 1)))) {
    return(NULL)
  }
  types <- unique(vapply(present, typeof, character(1)))
  about <- attributes(present[[1]])
  alike <- all(vapply(present, function(item) identical(attributes(item), about), logical(1)))
  plain <- is.null(about) || (cell && all(names(about) %in% laid_attributes) && any(about$class %in% laid_classes))
  if (alike && plain && length(types) == 1 && types %in% c("double", "integer", "logical", "character")) types
}

laid_classes <- c("Date", "POSIXct", "difftime", "factor")
laid_attributes <- c("class", "tzone", "units", "levels")

decode <- function(record) {
  x <- switch(record$kind,
    null = return(NULL),
    object = return(record$object),
    frame = return(decode_frame(record)),
    list = decode_list(record),
    decode_vector(record)
  )
  if (!is.null(record$dim)) {
    dim(x) <- as.integer(unlist(record$dim))
  }
  if (!is.null(record$names)) {
    names(x) <- decode_text(record$names)
  }
  x
}

# The record of a frame with its columns in an environment, from which each is removed in turn: any other
# reference to the record does not keep its bytes then.
apart <- function(record) {
  if (identical(record$kind, "frame") && is.list(record$columns)) {
    record$columns <- list2env(stats::setNames(record$columns, seq_along(record$columns)), parent = emptyenv())
  }
  record
}

decode_frame <- function(record) {
  encoded <- apart(record)$columns
  columns <- lapply(seq_along(names(encoded)), function(i) {
    column <- encoded[[as.character(i)]]
    rm(list = as.character(i), envir = encoded)
    decode(column)
  })
  names(columns) <- decode_text(record$names)
  notes <- if (!is.null(record$notes)) decode(record$notes)
  for (name in intersect(names(notes), names(columns))) {
    columns[[name]] <- with_noted(columns[[name]], notes[[name]])
  }
  frame <- tibble::new_tibble(columns, nrow = as.integer(record$n))
  if (!is.null(record$provenance)) {
    attr(frame, "tidydl") <- decode(record$provenance)
  }
  frame
}

decode_vector <- function(record) {
  switch(record$kind,
    double = doubles(record),
    integer = readBin(record$data, "integer", record$n, endian = "little"),
    logical = readBin(record$data, "logical", record$n, endian = "little"),
    complex = readBin(record$data, "complex", record$n, endian = "little"),
    raw = record$data,
    string = decode_text(record),
    codes = decode_text(record$levels)[readBin(record$data, "integer", record$n, endian = "little")],
    label = decode_factor(record),
    datetime = structure(doubles(record), class = c("POSIXct", "POSIXt"), tzone = record$zone),
    date = structure(doubles(record), class = "Date"),
    timedelta = structure(doubles(record), class = "difftime", units = "secs"),
    image = decode_images(record),
    audio = decode_audios(record)
  )
}

doubles <- function(record) readBin(record$data, "double", record$n, endian = "little")

decode_text <- function(record) {
  if (record$n > 1e5) {
    make_room(length(record$data) + 24 * record$n)
  }
  x <- readBin(record$data, "character", record$n)
  if (!record$ascii) {
    Encoding(x) <- "UTF-8"
  }
  if (!is.null(record$missing)) {
    x[readBin(record$missing, "integer", length(record$missing) / 4, endian = "little")] <- NA_character_
  }
  x
}

# R scans all strings each time its memory is full, and then grows it by little: with memory requested
# in advance it does so once.
make_room <- function(bytes) {
  raw(bytes)
  invisible()
}

decode_factor <- function(record) {
  codes <- readBin(record$data, "integer", record$n, endian = "little")
  structure(codes, levels = decode_text(record$levels), class = c(if (record$ordered) "ordered", "factor"))
}

decode_list <- function(record) {
  if (is.null(record$runs)) {
    return(lapply(record$items, decode))
  }
  values <- decode(record$runs)
  lengths <- readBin(record$lengths, "integer", length(record$lengths) / 4, endian = "little")
  if (all(lengths == 1L)) {
    return(as.list(values))
  }
  ends <- cumsum(pmax(lengths, 0L))
  lapply(seq_along(lengths), function(i) {
    if (lengths[[i]] >= 0) values[seq.int(to = ends[[i]], length.out = lengths[[i]])]
  })
}

integers <- function(bytes) readBin(bytes, "integer", length(bytes) / 4, endian = "little")
