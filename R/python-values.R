# Values of R given to functions of Python, and what those give. What reticulate converts the same in every version
# crosses by it: text, numbers and lists of them. Arrays, data frames, dates, factors and missing values cross by the
# records of convert.R, because reticulate before 1.38 knows neither numpy 2 nor pandas 3.

to_python <- function(x) {
  if (is_plain_text(x)) {
    return(x)
  }
  if (is.null(x) || inherits(x, "tidydl_python")) {
    return(if (!is.null(x)) reference_of(x))
  }
  if (inherits(x, "python.builtin.object")) {
    return(x)
  }
  if (is.function(x)) {
    return(python_function(x))
  }
  if (is.data.frame(x) || is_media(x) || is_raster(x) || is.complex(x)) {
    return(object_of_record(x))
  }
  if (is.list(x) && !inherits(x, "POSIXlt")) list_to_python(x) else vector_to_python(x)
}

# One text, as it is most often.
is_plain_text <- function(x) {
  is.character(x) && length(x) == 1L && is.null(attributes(x)) && !is.na(x) && Encoding(x) == "unknown" && validUTF8(x)
}

# The bare vectors of a list that holds arrays are arrays too, as in set_weights(list(matrix, vector)).
list_to_python <- function(x) {
  x <- unclass(x)
  attributes(x) <- list(names = names(x))
  is_array <- vapply(x, function(each) is.numeric(each) && !is.null(dim(each)), NA)
  if (any(is_array)) {
    bare <- vapply(x, function(each) is.numeric(each) && !is.object(each) && is.null(dim(each)), NA)
    x[bare] <- lapply(x[bare], function(each) array(each, length(each)))
  }
  with_valid_names(lapply(x, to_python))
}

# Names that are no text in UTF-8 crash some versions of reticulate.
with_valid_names <- function(x) {
  if (!is.null(names(x))) {
    names(x) <- as_valid_text(names(x), "A name")
  }
  x
}

vector_to_python <- function(x) {
  if (!is.atomic(x)) { # POSIXlt, and what has no counterpart, which reticulate knows or refuses
    return(if (inherits(x, "POSIXlt")) vector_to_python(as.POSIXct(x)) else x)
  }
  if (!is.null(dim(x))) {
    return(object_of_record(unclass(x)))
  }
  if (is.factor(x)) {
    x <- as.character(x)
  }
  if (inherits(x, c("Date", "POSIXct", "difftime", "integer64"))) {
    return(times_to_python(x))
  }
  plain_to_python(x)
}

plain_to_python <- function(x) {
  in_list <- inherits(x, "AsIs")
  attributes(x) <- NULL
  if (is.character(x)) {
    x <- as_valid_text(x, "The text")
  }
  if (!is.double(x) && anyNA(x)) { # would be "NA", TRUE and a large negative number
    if (length(x) == 1L && !in_list) {
      return(NULL)
    }
    values <- as.list(x)
    values[is.na(x)] <- list(NULL)
    return(values)
  }
  if (length(x) == 1L && in_list) list(x) else x
}

times_to_python <- function(x) {
  reference_of(act("times", encode(unname(x), "The argument"), list(length(x) == 1L), convert = FALSE))
}

object_of_record <- function(x) {
  reference_of(act("record", encode(x, "The argument"), convert = FALSE))
}

# A function that Python calls, with values as R has them. What it fails with is kept, and raised when the call that
# led to it comes back.
python_function <- function(f) {
  run <- function(...) f(...)
  work <- function(told) {
    tryCatch(
      {
        told <- converted(told)
        given <- if (identical(told$state, "record")) from_record(told$value) else told$value
        if (!is.null(told$rows)) {
          return(lapply(rows_of_batch(given[[1]], told$rows), function(row) to_python(f(row))))
        }
        to_python(do.call(run, c(given[[1]], given[[2]]), quote = TRUE))
      },
      error = function(cnd) {
        the$function_condition <- cnd
        no_value("failed")
      },
      interrupt = function(cnd) no_value("interrupted") # which must not jump over Python
    )
  }
  reference_of(act("function", work, convert = FALSE))
}

no_value <- function(why) reference_of(act("no value", why, convert = FALSE))

# The rows of a data set, each with `$`, `[[` and `[` as Python's own rows have them.
rows_of_batch <- function(columns, n) {
  lapply(seq_len(n), function(i) {
    structure(lapply(columns, function(column) column[[i]]), class = c("tidydl_row", "list"))
  })
}

#' @export
`[.tidydl_row` <- function(x, i) x[[i]]

# A value as it came: plain, or as records of it and of what it holds.
from_record <- function(record) {
  switch(record$kind,
    plain = record$value,
    object = python_object(record$object),
    data.frame = frame_from_record(record),
    list = if (is.null(record$items)) decode(record) else list_from_record(record),
    decode(record)
  )
}

list_from_record <- function(record) {
  items <- lapply(record$items, from_record)
  if (is.null(record$names)) items else stats::setNames(items, as.character(record$names))
}

frame_from_record <- function(record) {
  frame <- decode(record$frame)
  rows <- if (!is.null(record$rows)) unlist(from_record(record$rows))
  attributes(frame) <- list(names = names(frame), row.names = .set_row_names(nrow(frame)), class = "data.frame")
  if (!is.null(rows)) {
    attr(frame, "row.names") <- rows
  }
  frame
}
